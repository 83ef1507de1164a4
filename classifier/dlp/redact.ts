/** What may be shown of a value: its ends and a keyed hash, by which equal values are seen to be equal. */
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'

export type Redact = (value: Buffer) => string

/**
 * `41…11 #9f86d081ae`: of 24 bytes and more four at each end, of 12 two, else one (under 6 none), and 40 bits of an HMAC-SHA256.
 * @param key who has it can try out values: without one it is random, and samples compare within one process only
 */
export function redaction(key: Buffer = randomBytes(32)): Redact {
  const secret = createSecretKey(key)
  return (value) => {
    const hash = createHmac('sha256', secret).update(value).digest('hex').slice(0, 10)
    const shown = value.length >= 24 ? 4 : value.length >= 12 ? 2 : value.length >= 6 ? 1 : 0
    return `${printable(value.subarray(0, shown))}…${printable(value.subarray(value.length - shown))} #${hash}`
  }
}

const printable = (bytes: Buffer): string => bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '.')
