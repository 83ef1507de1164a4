import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type Layout, partnerNames } from './layout.ts'
import { writeAtomically } from './manifest.ts'
import { mustRun } from './run.ts'

const keyPair = z.object({ privateKey: z.string(), publicKey: z.string() })
const secrets = z.object({
  databasePassword: z.string(),
  sshHostKey: keyPair,
  sshUserKey: keyPair,
  /** PEM; for the partner's names outside. */
  partner: z.object({ authority: z.string(), cert: z.string(), key: z.string() }),
})
/** What the apps share, made anew for every lab. */
export type Secrets = z.infer<typeof secrets>

const fileOf = (layout: Layout) => join(layout.secrets, 'secrets.json')

/** Makes a lab's secrets and keeps them in its state directory, for root only. */
export async function makeSecrets(layout: Layout, signal: AbortSignal): Promise<Secrets> {
  await mkdir(layout.secrets, { mode: 0o700 })
  const made: Secrets = {
    databasePassword: randomBytes(18).toString('base64url'),
    sshHostKey: await sshKey(layout, 'host', signal),
    sshUserKey: await sshKey(layout, 'user', signal),
    partner: await partnerCertificate(),
  }
  writeAtomically(fileOf(layout), made)
  return made
}

/** The secrets of the lab that is up. */
export function readSecrets(layout: Layout): Secrets {
  return secrets.parse(JSON.parse(readFileSync(fileOf(layout), 'utf8')))
}

async function sshKey(layout: Layout, name: string, signal: AbortSignal): Promise<Secrets['sshHostKey']> {
  const file = join(layout.secrets, name)
  await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `postern-lab-${name}`, '-f', file], { signal })
  const pair = { privateKey: readFileSync(file, 'utf8'), publicKey: readFileSync(`${file}.pub`, 'utf8').trim() }
  await Promise.all([rm(file), rm(`${file}.pub`)])
  return pair
}

async function partnerCertificate(): Promise<Secrets['partner']> {
  // half the time of a start of the CLI, and only `up` needs it
  const { createAuthority, issueServerCertificate } = await import('../xds-server/envoy/certificates.ts')
  const authority = await createAuthority('Partner of the lab', new Date())
  return { ...(await issueServerCertificate(authority, partnerNames, new Date())), authority: authority.cert }
}
