/**
 * One pass over a stream of bytes in pieces of any size. It promises the same findings wherever the stream is cut: a byte is
 * judged only when `aheadBytes` after it are there (or the end), with `behindBytes` before it, and no detector looks
 * further. It keeps those two windows and a few numbers; nothing grows with the stream.
 */
import { at, isDigit, isLetter, slice } from './bytes.ts'
import { contextOf, weigh } from './context.ts'
import { aheadBytes, behindBytes } from './limits.ts'
import type { Confidence, Detector, Found, Sweep } from './model.ts'
import { maxRun, type Program } from './program.ts'

/** `offset` and `end` in the stream the scanner was given. */
export type Sighting = {
  readonly index: number
  readonly offset: number
  readonly end: number
  readonly value: Buffer
  readonly confidence: Confidence
}

const contexts = new WeakMap<Detector, ReturnType<typeof contextOf>>()

function contextFor(detector: Detector) {
  const known = contexts.get(detector)
  if (known || !detector.context) return known
  const made = contextOf(detector.context)
  contexts.set(detector, made)
  return made
}

const nothing: Buffer = Buffer.alloc(0)

export class Scanner {
  readonly #program: Program
  readonly #emit: (sighting: Sighting) => void
  readonly #sweeps: readonly { readonly index: number; readonly sweep: Sweep }[]
  /** By detector: the end of its last finding in the stream. */
  readonly #lastEnds: Float64Array
  #state = 0
  /** What is kept of the stream begins at this offset… */
  #base = 0
  /** …and is judged up to this index. */
  #judged = 0
  #text = nothing

  constructor(program: Program, emit: (sighting: Sighting) => void) {
    this.#program = program
    this.#emit = emit
    this.#lastEnds = new Float64Array(program.detectors.length)
    this.#sweeps = program.sweepers.map((index) => {
      const detector = program.detectors[index]!
      return { index, sweep: 'newSweep' in detector ? detector.newSweep() : () => [] }
    })
  }

  /** Everything that begins before this offset of the stream has been emitted. */
  get settled(): number {
    return Math.max(0, this.#base + this.#judged - behindBytes)
  }

  push(chunk: Buffer): void {
    this.#text = this.#text.length === 0 ? chunk : Buffer.concat([this.#text, chunk])
    this.#judgeTo(this.#text.length - aheadBytes)
  }

  /** Judges what still waits. The scanner is of no use afterwards. */
  finish(): void {
    this.#judgeTo(this.#text.length)
    this.#text = nothing
  }

  #judgeTo(to: number): void {
    if (to > this.#judged) {
      this.#pass(to)
      for (const { index, sweep } of this.#sweeps)
        for (const found of sweep(this.#text, this.#judged, to, this.#base)) this.#found(index, found)
      this.#judged = to
    }
    this.#forget()
  }

  /** A copy, so that the caller's chunk is not held and may be written over. */
  #forget(): void {
    const start = Math.max(0, this.#judged - behindBytes)
    this.#text = Buffer.from(this.#text.subarray(start))
    this.#base += start
    this.#judged -= start
  }

  #pass(to: number): void {
    const { classes, next, firstHot } = this.#program.automaton
    const text = this.#text
    const { runState } = this.#program
    let state = this.#state
    for (let i = this.#judged; i < to; i++) {
      const previous = state
      state = next[state + classes[text[i]!]!]!
      if (state < firstHot) continue
      if (state !== runState) this.#hot(state, i)
      // Deeper inside of a run of digits there is nothing new.
      else if (previous !== runState) this.#run(i)
    }
    this.#state = state
  }

  #hot(state: number, i: number): void {
    const { endings, firstHot, stride } = this.#program.automaton
    const ending = endings[(state - firstHot) / stride]!
    for (let k = 0; k < ending.length; k++) {
      const word = ending[k]!
      if (word === 0) this.#run(i)
      else {
        const { length, listeners } = this.#program.words[word]!
        for (const index of listeners) this.#ask(index, i + 1 - length, i + 1, '')
      }
    }
  }

  /** `i` is at the second digit of a run, or deeper inside of one that was seen before. */
  #run(i: number): void {
    const text = this.#text
    if (isDigit(at(text, i - 2))) return
    let end = i + 1
    while (end < text.length && end - i < maxRun && isDigit(text[end]!)) end++
    const { alone, first, afterLetter } = this.#program.runs
    const length = end - i + 1
    if (isLetter(at(text, i - 2))) {
      this.#askAll(afterLetter[length]!, i - 1, end, '')
      return
    }
    const listeners = alone[length]!
    if (listeners.length > 0) this.#askAll(listeners, i - 1, end, slice(text, i - 1, end))
    const next = at(text, end)
    if ((next === 0x20 || next === 0x2d || next === 0x2e) && isDigit(at(text, end + 1)))
      this.#askAll(first[length]!, i - 1, end, '')
  }

  #askAll(listeners: readonly number[], from: number, to: number, digits: string): void {
    for (let k = 0; k < listeners.length; k++) this.#ask(listeners[k]!, from, to, digits)
  }

  #ask(index: number, from: number, to: number, digits: string): void {
    const detector = this.#program.detectors[index]!
    const found = detector.trigger && detector.find(this.#text, from, to, digits)
    if (found) this.#found(index, found)
  }

  #found(index: number, { start, end, strength }: Found): void {
    const detector = this.#program.detectors[index]!
    if (this.#base + start < this.#lastEnds[index]!) return
    const confidence = weigh(strength, contextFor(detector), this.#text, start, end)
    if (!confidence) return
    this.#lastEnds[index] = this.#base + end
    const value = this.#text.subarray(start, end)
    this.#emit({ index, offset: this.#base + start, end: this.#base + end, value, confidence })
  }
}
