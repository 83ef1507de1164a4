/**
 * Whose words may be around a place? Most numbers that have the shape of an identity have nothing of the kind around them: each
 * byte near one of them is hashed once, block by block, and no word is cut out of the text for nothing.
 */
import type { ContextWords } from './context.ts'
import { contextBytes } from './limits.ts'
import { folded, mixed, parts } from './words.ts'

const blockBits = 6
const blockBytes = 1 << blockBits
/** A word is hashed no further: no context word is so long. */
const longestWord = 32

export class Nearby {
  readonly #hashes: Int32Array
  readonly #text: Buffer
  /** By block of the text: whose words begin in it, and in all blocks that are near to one of its places. */
  readonly #inside: Int32Array
  readonly #around: Int32Array
  /** By block: 1, 2: these are known. */
  readonly #known: Uint8Array

  constructor({ hashes }: ContextWords, text: Buffer) {
    const blocks = Math.ceil(text.length / blockBytes)
    this.#hashes = hashes
    this.#text = text
    this.#inside = new Int32Array(blocks)
    this.#around = new Int32Array(blocks)
    this.#known = new Uint8Array(blocks)
  }

  /** The bits of all that may have a word near [start, end). */
  bits(start: number, end: number): number {
    const block = start >> blockBits
    if (end - start > blockBytes) return this.#between(start - contextBytes, end + contextBytes)
    if ((this.#known[block]! & 2) === 0) {
      const from = block << blockBits
      this.#around[block] = this.#between(from - contextBytes, from + 2 * blockBytes + contextBytes)
      this.#known[block]! |= 2
    }
    return this.#around[block]!
  }

  #between(from: number, to: number): number {
    const last = (Math.min(this.#text.length, to) - 1) >> blockBits
    let bits = 0
    for (let block = Math.max(0, from) >> blockBits; block <= last; block++) {
      if ((this.#known[block]! & 1) === 0) {
        this.#inside[block] = this.#look(block << blockBits)
        this.#known[block]! |= 1
      }
      bits |= this.#inside[block]!
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
