/** Is one of these words near? Within five words and 96 bytes on either side; case and separators do not matter. */
import { isAlnum, slice } from './bytes.ts'
import { contextBytes, contextWords } from './limits.ts'
import type { Strength } from './model.ts'

type Words = { readonly single: ReadonlySet<string>; readonly phrases: readonly string[] }

/** The lists of all detectors together. */
export type ContextWords = {
  /** By detector. */
  readonly words: readonly (Words | undefined)[]
  /** By detector: its bit in `hashes`; 0 where it has no list. Two may share one. */
  readonly bits: Int32Array
  /** By the hash of a word, or of a phrase's first: the bits of those who look for it. */
  readonly hashes: Int32Array
}

export function contextWordsOf(lists: readonly (readonly string[] | undefined)[]): ContextWords {
  const bits = new Int32Array(lists.length)
  const hashes = new Int32Array(hashSize)
  const words = lists.map((list, index) => {
    if (!list) return undefined
    const normal = list.map((word) => wordsOf(word).join(' '))
    bits[index] = 1 << (index % 32)
    for (const phrase of normal) hashes[hashOf(phrase.split(' ')[0]!)]! |= bits[index]!
    const [phrases, single] = [
      normal.filter((word) => word.includes(' ')),
      normal.filter((word) => !word.includes(' ')),
    ]
    return { single: new Set(single), phrases: phrases.map((phrase) => ` ${phrase} `) }
  })
  return { words, bits, hashes }
}

/** `creditCard`, `credit_card` and `Credit-Card` are two words, `SSN` is one. */
function wordsOf(text: string): readonly string[] {
  return text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9\x80-\xff]+/)
    .filter((word) => word !== '')
}

const hashSize = 4096
/** What a byte adds to the hash of its word: lower case; 0 where words end. */
const folded = Uint8Array.from({ length: 256 }, (_, b) => (isAlnum(b) ? b | 0x20 : b > 127 ? b : 0))
/** Digits that begin a word are left out: no context word has any there, and tables of numbers are full of them. */
const mixed = (hash: number, value: number): number =>
  hash === 0 && value <= 0x39 ? 0 : (Math.imul(hash, 33) + value) & (hashSize - 1)

function hashOf(word: string): number {
  let hash = 0
  for (let i = 0; i < word.length; i++) hash = mixed(hash, folded[word.charCodeAt(i)]!)
  return hash
}

const isLower = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a
const isUpper = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a
/** Whether a word that has `before` in it ends there. */
const parts = (before: number, byte: number): boolean =>
  folded[byte] === 0 || folded[before] === 0 || (isLower(before) && isUpper(byte))

const blockBytes = 64
/** A word is hashed no further: no context word is so long. */
const longestWord = 32

/**
 * Whose words may be around a place? Most numbers that have the shape of an identity have nothing of the kind around them: each
 * byte near one of them is hashed once, block by block, and no word is cut out of the text for nothing.
 */
export class Nearby {
  readonly #hashes: Int32Array
  /** By block of the text; -1: not looked at yet. */
  readonly #blocks: Int32Array
  readonly #known: Uint8Array
  readonly #text: Buffer

  constructor({ hashes }: ContextWords, text: Buffer) {
    const blocks = Math.ceil(text.length / blockBytes)
    this.#hashes = hashes
    this.#text = text
    this.#blocks = new Int32Array(blocks)
    this.#known = new Uint8Array(blocks)
  }

  /** The bits of all that may have a word near [start, end). */
  bits(start: number, end: number): number {
    const first = Math.max(0, start - contextBytes)
    const last = Math.min(this.#text.length, end + contextBytes) - 1
    let bits = 0
    for (let block = Math.floor(first / blockBytes); block * blockBytes <= last; block++) {
      if (this.#known[block] === 0) {
        this.#blocks[block] = this.#look(block * blockBytes)
        this.#known[block] = 1
      }
      bits |= this.#blocks[block]!
    }
    return bits
  }

  /** The words that begin in the block at `from`. */
  #look(from: number): number {
    const text = this.#text
    const hashes = this.#hashes
    const to = Math.min(from + blockBytes, text.length)
    const end = Math.min(to + longestWord, text.length)
    let before = from > 0 ? text[from - 1]! : 0
    let i = from
    // The one that goes on here began in the block before.
    for (; i < to && !parts(before, text[i]!); i++) before = text[i]!
    let bits = 0
    let hash = 0
    for (; i < end; i++) {
      const byte = text[i]!
      if (parts(before, byte)) {
        bits |= hashes[hash]!
        if (i >= to) return bits
        hash = 0
      }
      if (folded[byte] !== 0) hash = mixed(hash, folded[byte]!)
      before = byte
    }
    return bits | hashes[hash]!
  }
}

function isNear(words: Words, text: Buffer, start: number, end: number): boolean {
  const before = wordsOf(cutFront(slice(text, start - contextBytes, start), start > contextBytes)).slice(-contextWords)
  const after = wordsOf(slice(text, end, end + contextBytes)).slice(0, contextWords)
  return has(words, before) || has(words, after)
}

/** The first word may have lost its beginning: `ns` is not `ans`. */
const cutFront = (text: string, cut: boolean): string => (cut ? text.replace(/^[A-Za-z0-9]+/, '') : text)

function has({ single, phrases }: Words, words: readonly string[]): boolean {
  if (words.some((word) => single.has(word))) return true
  if (phrases.length === 0) return false
  const line = ` ${words.join(' ')} `
  return phrases.some((phrase) => line.includes(phrase))
}

/** How sure one is with what stands around; undefined: not at all. `words`: none where they are known not to be near. */
export function weigh(
  strength: Strength,
  words: Words | undefined,
  text: Buffer,
  start: number,
  end: number,
): 'certain' | 'likely' | undefined {
  if (strength === 'certain') return 'certain'
  const near = words !== undefined && isNear(words, text, start, end)
  if (strength === 'weak') return near ? 'likely' : undefined
  return near ? 'certain' : 'likely'
}
