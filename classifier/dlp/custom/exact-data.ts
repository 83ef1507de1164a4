/**
 * Exact data: is a value of somebody's list (customer numbers, account names) in the stream? Only salted hashes of the list
 * are known here. One token at a time: letters, digits and `._@+-` between anything else.
 */
import { createHmac } from 'node:crypto'
import { slice } from '../bytes.ts'
import { maxTokenBytes } from '../limits.ts'
import type { Detector, Found, Parsed } from '../model.ts'

/** Shorter tokens are everywhere. */
const minTokenBytes = 5

export type ExactData = {
  /** At least 16 bytes, the list's own. */
  readonly salt: Buffer
  /** From `exactHash`. */
  readonly hashes: readonly string[]
  /** Lengths of the tokens that were hashed: a token of another length is not worth a hash. */
  readonly lengths: readonly number[]
}

const inToken = Uint8Array.from({ length: 256 }, (_, b) =>
  b > 127 || /[A-Za-z0-9._@+-]/.test(String.fromCharCode(b)) ? 1 : 0,
)
const trimmed = (token: string): string => token.replace(/^[.@+-]+|[.@+-]+$/g, '')

/** HMAC-SHA256 of the value in lower case, 16 bytes of it in hex. */
export function exactHash(salt: Buffer, value: string): string {
  return createHmac('sha256', salt).update(value.toLowerCase(), 'latin1').digest('hex').slice(0, 32)
}

/** The list becomes hashes: for whoever has it. Values that are no single token are refused by their index, never shown. */
export function exactDataOf(salt: Buffer, values: readonly string[]): Parsed<ExactData> {
  const bytes = values.map((value) => Buffer.from(value).toString('latin1'))
  const problems = bytes.flatMap((value, i) => {
    const whole = [...value].every((c) => inToken[c.charCodeAt(0)]) && trimmed(value) === value
    const fits = value.length >= minTokenBytes && value.length <= maxTokenBytes
    return whole && fits
      ? []
      : [{ path: `values[${i}]`, message: `not one token of ${minTokenBytes} to ${maxTokenBytes} bytes` }]
  })
  if (problems.length > 0) return { ok: false, problems }
  const hashes = bytes.map((value) => exactHash(salt, value))
  return { ok: true, value: { salt, hashes, lengths: [...new Set(bytes.map((value) => value.length))] } }
}

export function exactDataDetector(name: string, { salt, hashes, lengths }: ExactData): Parsed<Detector> {
  if (salt.length < 16) return { ok: false, problems: [{ path: 'salt', message: 'shorter than 16 bytes' }] }
  const known = new Set(hashes)
  const wanted = new Set(lengths)
  const isKnown = (token: string) => wanted.has(token.length) && known.has(exactHash(salt, token))
  return { ok: true, value: { name, newSweep: () => (text, from, to) => tokens(text, from, to, isKnown) } }
}

/** Those that begin in [from, to). */
function tokens(text: Buffer, from: number, to: number, isKnown: (token: string) => boolean): readonly Found[] {
  const found: Found[] = []
  for (let i = from; i < to; i++) {
    if (!inToken[text[i]!] || (i > 0 && inToken[text[i - 1]!])) continue
    let end = i
    while (end < text.length && end - i <= maxTokenBytes + 2 && inToken[text[end]!]) end++
    const token = slice(text, i, end)
    const core = trimmed(token)
    if (core.length >= minTokenBytes && core.length <= maxTokenBytes && isKnown(core)) {
      const start = i + token.indexOf(core)
      found.push({ start, end: start + core.length, strength: 'certain' })
    }
  }
  return found
}
