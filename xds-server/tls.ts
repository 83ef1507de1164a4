/**
 * The control plane's own authority and certificate, kept in its data folder: made once, the certificate renewed at
 * start when less than a third of its time is left. Sidecars pin `ca.crt`.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { controlPlaneName } from './compile/names.ts'
import { createAuthority, expiresAt, issueServerCertificate, type KeyPair } from './envoy/certificates.ts'

const renewBeforeMs = 130 * 24 * 3600 * 1000

/** @throws where the folder can not be written, or holds half a pair */
export async function serverTls(dataDir: string, now: Date): Promise<KeyPair> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const ca = await kept(dataDir, 'ca', () => createAuthority('Postern control plane CA', now))
  const issue = () => issueServerCertificate(ca, [controlPlaneName], now)
  const server = await kept(dataDir, 'server', issue)
  const left = expiresAt(server.cert).getTime() - now.getTime()
  return left > renewBeforeMs ? server : save(dataDir, 'server', await issue())
}

async function kept(dir: string, name: string, make: () => Promise<KeyPair>): Promise<KeyPair> {
  const [cert, key] = [join(dir, `${name}.crt`), join(dir, `${name}.key`)]
  if (existsSync(cert) && existsSync(key)) return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  return save(dir, name, await make())
}

/** The key first: a certificate on disk always has its key. */
function save(dir: string, name: string, pair: KeyPair): KeyPair {
  put(join(dir, `${name}.key`), pair.key, 0o600)
  put(join(dir, `${name}.crt`), pair.cert, 0o644)
  return pair
}

function put(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.new`, text, { mode })
  chmodSync(`${path}.new`, mode)
  renameSync(`${path}.new`, path)
}
