/** Bytes → what the library, which takes UTF-8, must be given to see them. */
import { utf8Sequences } from '../transformations/utf8-sequences.ts'

/**
 * UTF-8 comes through as it is. Where it is not well formed, a byte above 7f is given as one that libinjection reads
 * alike: it tells only 0xa0 (a blank) from the others (letters).
 */
export function asText(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value
  if (!/[\x80-\xff]/.test(value.replace(utf8Sequences, ''))) return Buffer.from(value, 'latin1').toString('utf8')
  return value.replace(/[\x80-\xff]/g, (byte) => (byte === '\xa0' ? ' ' : 'ÿ'))
}

/**
 * A value that is too long loses what only fills it: runs of one character, and words longer than any keyword (the
 * library reads no more than 31 bytes of a token). What is still too long is cut.
 */
export function shortened(value: string, most: number): string {
  if (value.length <= most) return value
  return value
    .replace(/([\s\S])\1{63,}/g, (run) => run.slice(0, 64))
    .replace(/[A-Za-z0-9_]{64,}/g, (word) => word.slice(0, 64))
    .slice(0, most)
}
