/**
 * What proves to the classifier that a question comes from a sidecar of ours: each profile's token, made of a secret
 * that the control plane keeps in its data folder, as it keeps its other keys. Never in a log, an event or an answer of
 * the API: a classifier is given the file.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keyIn, tokenFor } from '../classifier/http/authenticate.ts'

const keyBytes = 32

/**
 * Hex HMAC-SHA256 of a profile's id. The key is made at the first start.
 * @throws where the folder can not be written, or the file holds something else
 */
export function profileTokens(dataDir: string): (profile: string) => string {
  const file = join(dataDir, 'inspection.key')
  if (!existsSync(file)) make(file)
  const key = keyIn(file)
  return (profile) => tokenFor(key, profile)
}

function make(file: string): void {
  writeFileSync(`${file}.new`, `${randomBytes(keyBytes).toString('hex')}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
