/**
 * One pass over a stream of bytes in pieces of any size. It promises the same findings wherever the stream is cut: a byte is
 * judged only when `aheadBytes` after it are there (or the end), with `behindBytes` before it, and no detector looks
 * further. It keeps those two windows and a few numbers; nothing grows with the stream.
 */
import { Window } from '../text/window.ts'
import { at, forgetText, isDigit, isLetter, readDigits, standsAlone } from './bytes.ts'
import { Columns } from './columns.ts'
import { isNear, isOther } from './context.ts'
import { aheadBytes, behindBytes } from './limits.ts'
import type { Confidence, Found, Strength, Sweep } from './model.ts'
import { Nearby } from './nearby.ts'
import { maxRun, type Program } from './program.ts'

/** `offset` and `end` in the stream the scanner was given. */
export type Sighting = {
  readonly index: number
  readonly offset: number
  readonly end: number
  readonly value: Buffer
  readonly confidence: Confidence
}

const nothing: Buffer = Buffer.alloc(0)
/** Of the run that is asked about. */
const digits = new Uint8Array(maxRun + 1)

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
  readonly #window = new Window()
  /** What is in the window. */
  #text: Buffer = nothing
  /** Of this text; made when somebody asks. */
  #nearby: Nearby | undefined
  #columns: Columns | undefined

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

  /** The chunk is copied: it may be written over afterwards. */
  push(chunk: Buffer): void {
    this.#window.append(chunk)
    this.#text = this.#window.text
    this.#judgeTo(this.#text.length - aheadBytes)
  }

  /** Judges what still waits. The scanner is of no use afterwards. */
  finish(): void {
    this.#judgeTo(this.#text.length)
  }

  #judgeTo(to: number): void {
    if (to <= this.#judged) return
    this.#nearby = undefined
    if (this.#base === 0 && this.#judged === 0) this.#columns = Columns.of(this.#program.contexts, this.#text)
    this.#pass(to)
    for (const { index, sweep } of this.#sweeps)
      for (const found of sweep(this.#text, this.#judged, to, this.#base)) this.#found(index, found)
    this.#judged = to
    forgetText()
    this.#forget()
  }

  #forget(): void {
    const start = this.#judged - behindBytes
    if (start <= 0) return
    this.#window.forget(start)
    this.#text = this.#window.text
    this.#base += start
    this.#judged = behindBytes
  }

  #pass(to: number): void {
    const { automaton, beginnings, runState } = this.#program
    const { classes, next, firstHot } = automaton
    const text = this.#text
    const stop = Math.min(to, text.length - 1)
    let state = this.#state
    for (let i = this.#judged; i < to; i++) {
      if (state === 0) {
        while (i < stop && beginnings[(text[i]! << 8) | text[i + 1]!] === 0) i++
        if (i >= to) break
      }
      state = next[state + classes[text[i]!]!]!
      if (state < firstHot) continue
      if (state !== runState) this.#hot(state, i)
      // Deeper inside of a run of digits there is nothing new.
      else i = this.#run(i) - 1
    }
    this.#state = state
  }

  #hot(state: number, i: number): void {
    const { endings, firstHot, stride } = this.#program.automaton
    const ending = endings[(state - firstHot) / stride]!
    for (let k = 0; k < ending.length; k++) {
      const word = ending[k]!
      if (word === 0) this.#run(i)
      const { length, listeners } = this.#program.words[word]!
      this.#askAll(listeners, i + 1 - length, i + 1)
    }
  }

  /** `i` is at the second digit of a run, or deeper inside of one that was seen before. Returns where its digits end. */
  #run(i: number): number {
    const text = this.#text
    const from = i - 1
    const before = at(text, from - 1)
    let to = i + 1
    while (to < text.length && to - i < maxRun && isDigit(text[to]!)) to++
    if (!isDigit(before)) this.#askRun(from, to, before)
    return to
  }

  #askRun(from: number, to: number, before: number): void {
    const text = this.#text
    const { alone, weak, open, first, dotted, afterLetter } = this.#program.runs
    const length = to - from
    if (isLetter(before)) {
      this.#askAll(afterLetter[length]!, from, to)
      return
    }
    if (alone[length]!.length + weak[length]!.length > 0 && standsAlone(text, from, to)) this.#alone(from, to)
    if (open[length]!.length > 0) this.#askAll(open[length]!, from, to)
    const next = at(text, to)
    if ((next !== 0x20 && next !== 0x2d && next !== 0x2e) || !isDigit(at(text, to + 1))) return
    this.#askAll(next === 0x2e ? dotted[length]! : first[length]!, from, to)
  }

  #alone(from: number, to: number): void {
    const { runs, weakBits, contexts } = this.#program
    const length = to - from
    readDigits(this.#text, from, to, digits)
    this.#askAll(runs.alone[length]!, from, to)
    const named = this.#columns?.bits ?? 0
    const near = weakBits[length] === 0 ? 0 : (this.#near(from, to) | named) & weakBits[length]!
    if (near === 0) return
    const weak = runs.weak[length]!
    for (let k = 0; k < weak.length; k++) if ((contexts.bits[weak[k]!]! & near) !== 0) this.#ask(weak[k]!, from, to)
  }

  #near(from: number, to: number): number {
    this.#nearby ??= new Nearby(this.#program.contexts, this.#text)
    return this.#nearby.bits(from, to)
  }

  #askAll(listeners: readonly number[], from: number, to: number): void {
    for (let k = 0; k < listeners.length; k++) this.#ask(listeners[k]!, from, to)
  }

  #ask(index: number, from: number, to: number): void {
    // What lies inside of something found is part of it.
    if (this.#base + to < this.#lastEnds[index]!) return
    const detector = this.#program.detectors[index]!
    const found = detector.trigger && detector.find(this.#text, from, to, digits)
    if (found) this.#found(index, found)
  }

  #found(index: number, { start, end, strength }: Found): void {
    if (this.#base + start < this.#lastEnds[index]!) return
    const confidence = this.#confidence(index, start, end, strength)
    if (!confidence) return
    this.#lastEnds[index] = this.#base + end
    const value = this.#text.subarray(start, end)
    this.#emit({ index, offset: this.#base + start, end: this.#base + end, value, confidence })
  }

  /** How sure one is with what stands around; undefined: not at all. */
  #confidence(index: number, start: number, end: number, strength: Strength): Confidence | undefined {
    if (strength === 'certain') return 'certain'
    const near = this.#hasContext(index, start, end)
    if (strength === 'weak') return near ? 'likely' : undefined
    if (near) return 'certain'
    const { contexts, detectors } = this.#program
    const doubted = isOther(contexts, index, this.#text, start) || detectors[index]!.doubt?.(this.#text, start, end)
    return doubted ? undefined : 'likely'
  }

  #hasContext(index: number, start: number, end: number): boolean {
    const { contexts } = this.#program
    const bit = contexts.bits[index]!
    if ((this.#near(start, end) & bit) !== 0 && isNear(contexts, index, this.#text, start, end)) return true
    return this.#columns?.has(index, this.#text, start) ?? false
  }
}
