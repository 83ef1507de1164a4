/** Is one of these words near? Within five words and 96 bytes on either side; case and separators do not matter. */
import { isAlnum, slice } from './bytes.ts'
import { contextBytes, contextWords } from './limits.ts'
import type { Strength } from './model.ts'

type Words = {
  /** A bit for the hash of each word, and of each phrase's first. */
  readonly hashes: Uint8Array
  readonly single: ReadonlySet<string>
  readonly phrases: readonly string[]
}

/** What a detector's list becomes, once. */
export function contextOf(words: readonly string[]): Words {
  const normal = words.map((word) => wordsOf(word).join(' '))
  const hashes = new Uint8Array(hashSize)
  for (const phrase of normal) hashes[hashOf(phrase.split(' ')[0]!)] = 1
  return {
    hashes,
    single: new Set(normal.filter((word) => !word.includes(' '))),
    phrases: normal.filter((word) => word.includes(' ')).map((phrase) => ` ${phrase} `),
  }
}

/** `creditCard`, `credit_card` and `Credit-Card` are two words, `SSN` is one. */
function wordsOf(text: string): readonly string[] {
  return text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9\x80-\xff]+/)
    .filter((word) => word !== '')
}

function isNear(context: Words, text: Buffer, start: number, end: number): boolean {
  if (!mayHave(context, text, start - contextBytes, start) && !mayHave(context, text, end, end + contextBytes))
    return false
  const before = wordsOf(cutFront(slice(text, start - contextBytes, start), start > contextBytes)).slice(-contextWords)
  const after = wordsOf(slice(text, end, end + contextBytes)).slice(0, contextWords)
  return has(context, before) || has(context, after)
}

const hashSize = 4096
/** What a byte adds to the hash of its word: lower case; 0 where words end. */
const folded = Uint8Array.from({ length: 256 }, (_, b) => (isAlnum(b) ? b | 0x20 : b > 127 ? b : 0))
const mixed = (hash: number, byte: number): number => (Math.imul(hash, 33) + byte) & (hashSize - 1)

function hashOf(word: string): number {
  let hash = 0
  for (let i = 0; i < word.length; i++) hash = mixed(hash, folded[word.charCodeAt(i)]!)
  return hash
}

/**
 * Whether it is worth cutting the text into words: most numbers that have the shape of an identity have nothing of the
 * kind around them, and this costs a twentieth.
 */
function mayHave({ hashes }: Words, text: Buffer, from: number, to: number): boolean {
  let hash = 0
  let previous = 0
  for (let i = Math.max(0, from), end = Math.min(to, text.length); i < end; i++) {
    const byte = text[i]!
    const value = folded[byte]!
    const wordEnds = value === 0 || (byte >= 0x41 && byte <= 0x5a && previous >= 0x61 && previous <= 0x7a)
    if (wordEnds) {
      if (hashes[hash] === 1) return true
      hash = 0
    }
    if (value !== 0) hash = mixed(hash, value)
    previous = byte
  }
  return hashes[hash] === 1
}

/** The first word may have lost its beginning: `ns` is not `ans`. */
const cutFront = (text: string, cut: boolean): string => (cut ? text.replace(/^[A-Za-z0-9]+/, '') : text)

function has({ single, phrases }: Words, words: readonly string[]): boolean {
  if (words.some((word) => single.has(word))) return true
  if (phrases.length === 0) return false
  const line = ` ${words.join(' ')} `
  return phrases.some((phrase) => line.includes(phrase))
}

/** How sure one is with what stands around; undefined: not at all. */
export function weigh(
  strength: Strength,
  context: Words | undefined,
  text: Buffer,
  start: number,
  end: number,
): 'certain' | 'likely' | undefined {
  if (strength === 'certain') return 'certain'
  const near = context !== undefined && isNear(context, text, start, end)
  if (strength === 'weak') return near ? 'likely' : undefined
  return near ? 'certain' : 'likely'
}
