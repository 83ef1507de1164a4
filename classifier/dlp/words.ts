/** How a text falls into words, and the hash by which one is looked for: of strings, and byte by byte. */
import { isAlnum } from './bytes.ts'

/** `creditCard`, `credit_card` and `Credit-Card` are two words, `SSN` is one. */
export function wordsOf(text: string): readonly string[] {
  return lower(text.replace(/([a-z])([A-Z])/g, '$1 $2'))
    .split(/[^a-z0-9\x80-\xff]+/)
    .filter((word) => word !== '')
}

/** Bytes beyond ASCII are parts of UTF-8: they have no case. */
export const lower = (text: string): string => text.replace(/[A-Z]/g, (c) => c.toLowerCase())

export const hashSize = 4096
/** What a byte adds to the hash of its word: lower case; 0 where words end. */
export const folded = Uint8Array.from({ length: 256 }, (_, b) => (isAlnum(b) ? b | 0x20 : b > 127 ? b : 0))
/** Digits that begin a word are left out: no context word has any there, and tables of numbers are full of them. */
export const mixed = (hash: number, value: number): number =>
  hash === 0 && value <= 0x39 ? 0 : (Math.imul(hash, 33) + value) & (hashSize - 1)

export function hashOf(word: string): number {
  let hash = 0
  for (let i = 0; i < word.length; i++) hash = mixed(hash, folded[word.charCodeAt(i)]!)
  return hash
}

const isLower = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a
const isUpper = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a
/** Whether a word that has `before` in it ends there. */
export const parts = (before: number, byte: number): boolean =>
  folded[byte] === 0 || folded[before] === 0 || (isLower(before) && isUpper(byte))
