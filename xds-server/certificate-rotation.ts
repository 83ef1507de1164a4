/**
 * Who signs, what is served and who is to be trusted, as time goes by: for the webhook (its API servers get `trusted` as
 * `caBundle`) and for xDS (its sidecars get it at injection). Pure but for the keys it makes; keeping them is the caller's.
 *
 * Promises: whoever trusts a bundle that is not older than the overlap trusts what is served, at every moment, also
 * while the authority changes: a new one is trusted long before it signs. Nothing is made anew that is still good. After
 * time that nobody looked (all expired) it starts over, which those who trusted the old ones must be told.
 */
import { X509Certificate } from 'node:crypto'
import { createAuthority, issueServerCertificate, type KeyPair } from './envoy/certificates.ts'

export type Certificates = {
  /** Oldest first; not empty. */
  readonly authorities: readonly KeyPair[]
  readonly serving: KeyPair
}

export type Schedule = {
  /** The successor is made, and trusted, when the newest authority has less than this left. */
  readonly successorBeforeMs: number
  /** It is trusted for so long before it signs. */
  readonly overlapMs: number
  /** What is served is renewed when it has less than this left. */
  readonly renewBeforeMs: number
}

const dayMs = 24 * 3600 * 1000
/**
 * Authorities live ten years. A sidecar trusts what it got when its pod was made: pods that live through the overlap of
 * four years are the ones that `postern status` lists as outdated long before.
 */
export const defaultSchedule: Schedule = {
  successorBeforeMs: 5 * 365 * dayMs,
  overlapMs: 4 * 365 * dayMs,
  renewBeforeMs: 130 * dayMs,
}

const ends = ({ cert }: KeyPair): number => new X509Certificate(cert).validToDate.getTime()
const begins = ({ cert }: KeyPair): number => new X509Certificate(cert).validFromDate.getTime()

/** Of their own names: a verifier that looks for an issuer by its name finds the right one. */
const successor = (now: Date): Promise<KeyPair> => createAuthority(`Postern CA ${now.toISOString()}`, now)

async function authoritiesAt(kept: readonly KeyPair[], now: Date, schedule: Schedule): Promise<readonly KeyPair[]> {
  const good = kept.filter((one) => ends(one) > now.getTime())
  const newest = good.at(-1)
  const needed = newest === undefined || ends(newest) - now.getTime() < schedule.successorBeforeMs
  return needed ? [...good, await successor(now)] : good
}

/** The newest that has been trusted for long enough; where none has, the one that was trusted first. */
function signerAt(authorities: readonly KeyPair[], now: Date, { overlapMs }: Schedule): KeyPair {
  return authorities.findLast((one) => now.getTime() - begins(one) >= overlapMs) ?? authorities[0]!
}

function isGood(serving: KeyPair, signer: KeyPair, names: readonly string[], leftMs: number): boolean {
  const [leaf, issuer] = [new X509Certificate(serving.cert), new X509Certificate(signer.cert)]
  const covered = new Set((leaf.subjectAltName ?? '').split(', '))
  return (
    leftMs > 0 &&
    leaf.verify(issuer.publicKey) &&
    covered.size === names.length &&
    names.every((name) => covered.has(`DNS:${name}`))
  )
}

/**
 * What is to be kept and served from now on: the very same object where nothing changes. Ask every hour or so.
 * @param kept undefined: there is nothing yet
 * @param names DNS names that are served, the first one the common name
 */
export async function certificatesAt(
  kept: Certificates | undefined,
  names: readonly [string, ...string[]],
  now: Date,
  schedule: Schedule = defaultSchedule,
): Promise<Certificates> {
  const authorities = await authoritiesAt(kept?.authorities ?? [], now, schedule)
  const signer = signerAt(authorities, now, schedule)
  const left = kept === undefined ? 0 : ends(kept.serving) - now.getTime() - schedule.renewBeforeMs
  const good = kept !== undefined && isGood(kept.serving, signer, names, left)
  if (good && authorities.length === kept.authorities.length && authorities[0] === kept.authorities[0]) return kept
  return { authorities, serving: good ? kept.serving : await issueServerCertificate(signer, names, now) }
}

/** What clients are to trust, PEM; the newest first. */
export const trusted = ({ authorities }: Certificates): string =>
  authorities
    .toReversed()
    .map(({ cert }) => cert)
    .join('')
