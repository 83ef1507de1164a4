/** Whether a caller may ask for a profile: its token is the profile's id, signed with the secret both sides have. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Tokens that we remember; a cluster has some dozens of profiles. */
const maxKnown = 1_024
const scheme = /^Bearer ([0-9a-f]{64})$/i

/** Hex digits of 32 bytes, and a line end. */
const keyPattern = /^[0-9a-f]{64}\s*$/

/** The secret as the control plane keeps it in a file. @throws where it can not be read, or is something else */
export function keyIn(file: string): Buffer {
  const text = readFileSync(file, 'utf8')
  if (!keyPattern.test(text)) throw new Error(`${file} holds no key of 32 bytes in hex`)
  return Buffer.from(text.trim(), 'hex')
}

/** What compile writes into a profile's filter: hex HMAC-SHA256. */
export function tokenFor(secret: string | Uint8Array, profile: string): string {
  return createHmac('sha256', secret).update(profile).digest('hex')
}

export type Authenticate = (profile: string, authorization: string) => boolean

/** Compares in constant time. An id that comes with a wrong token is not remembered, so strangers can not fill the cache. */
export function authenticator(secret: string | Uint8Array): Authenticate {
  const known = new Map<string, Buffer>()
  return (profile, authorization) => {
    const given = scheme.exec(authorization)?.[1]
    if (given === undefined || profile === '') return false
    const expected = known.get(profile) ?? Buffer.from(tokenFor(secret, profile), 'hex')
    if (!timingSafeEqual(Buffer.from(given, 'hex'), expected)) return false
    if (known.size >= maxKnown) known.clear()
    known.set(profile, expected)
    return true
  }
}
