/**
 * Many phrases in one pass (Aho and Corasick, CACM 18(6), 1975), ASCII letters without case. The automaton is a full
 * table of states × letters, where bytes that no phrase has share one letter.
 */
import { lowercase } from '../transformations/lowercase.ts'

export type Occurrence = { readonly phrase: number; readonly end: number }

export class AhoCorasick {
  readonly #letters: Uint8Array
  readonly #width: number
  readonly #next: Int32Array
  /** The phrase that is a state's whole text, or -1. */
  readonly #own: Int32Array
  /** The longest proper suffix of a state's text that is a phrase, as a state; 0 if there is none. */
  readonly #shorter: Int32Array

  /** Phrases are byte strings; empty ones are never found, and of equal ones the first. */
  constructor(phrases: readonly string[]) {
    const folded = phrases.map(lowercase)
    const { letters, width } = lettersOf(folded)
    const states = 1 + folded.reduce((sum, phrase) => sum + phrase.length, 0)
    this.#letters = letters
    this.#width = width
    this.#next = new Int32Array(states * width)
    this.#own = new Int32Array(states).fill(-1)
    this.#shorter = new Int32Array(states)
    this.#grow(folded)
    this.#link()
  }

  /** The occurrence that ends first; of several that end there, the longest. */
  first(text: string): Occurrence | undefined {
    let state = 0
    for (let at = 0; at < text.length; at++) {
      state = this.#next[state * this.#width + this.#letters[text.charCodeAt(at)]!]!
      const ending = this.#ending(state)
      if (ending !== 0) return { phrase: this.#own[ending]!, end: at + 1 }
    }
    return undefined
  }

  /** Every phrase that occurs, each as often as it ends somewhere; ends ascend. */
  forEach(text: string, visit: (phrase: number, end: number) => void): void {
    let state = 0
    for (let at = 0; at < text.length; at++) {
      state = this.#next[state * this.#width + this.#letters[text.charCodeAt(at)]!]!
      for (let ending = this.#ending(state); ending !== 0; ending = this.#shorter[ending]!) {
        visit(this.#own[ending]!, at + 1)
      }
    }
  }

  #ending(state: number): number {
    return this.#own[state]! >= 0 ? state : this.#shorter[state]!
  }

  /** The trie; state 0 is its root, and 0 as a next state means that there is none. */
  #grow(phrases: readonly string[]): void {
    let states = 1
    for (const [index, phrase] of phrases.entries()) {
      if (phrase === '') continue
      let state = 0
      for (let at = 0; at < phrase.length; at++) {
        const edge = state * this.#width + this.#letters[phrase.charCodeAt(at)]!
        if (this.#next[edge] === 0) this.#next[edge] = states++
        state = this.#next[edge]!
      }
      if (this.#own[state] === -1) this.#own[state] = index
    }
  }

  /** Breadth first: every missing edge becomes that of the longest proper suffix, which is complete by then. */
  #link(): void {
    const suffix = new Int32Array(this.#own.length)
    const queue = [0]
    for (const state of queue) {
      this.#shorter[state] = this.#ending(suffix[state]!)
      for (let letter = 0; letter < this.#width; letter++) {
        const edge = state * this.#width + letter
        const fallback = state === 0 ? 0 : this.#next[suffix[state]! * this.#width + letter]!
        const child = this.#next[edge]!
        if (child === 0) this.#next[edge] = fallback
        else {
          suffix[child] = fallback
          queue.push(child)
        }
      }
    }
  }
}

/** Byte → letter: 0 for bytes in no phrase; a capital is its small letter. */
function lettersOf(phrases: readonly string[]): { letters: Uint8Array; width: number } {
  const used = new Set(phrases.flatMap((phrase) => [...Buffer.from(phrase, 'latin1')]))
  const letters = new Uint8Array(256)
  for (const [index, value] of [...used].entries()) letters[value] = index + 1
  for (let capital = 0x41; capital <= 0x5a; capital++) letters[capital] = letters[capital + 0x20]!
  return { letters, width: used.size + 1 }
}
