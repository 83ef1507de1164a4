/**
 * DLP of one stream (a URL, a block of headers, a body): decode, scan, report. It promises findings at offsets of the
 * original stream, the same wherever it is cut; no finding, error or problem ever holds a value.
 */
import { Base64Finder } from './decode/base64.ts'
import { escapes } from './decode/escapes.ts'
import { Offsets } from './decode/offsets.ts'
import type { Stage } from './decode/stage.ts'
import { utf16 } from './decode/utf16.ts'
import { offsetMemoryBytes, sliceBytes } from './limits.ts'
import type { Confidence } from './model.ts'
import type { Program } from './program.ts'
import type { Redact } from './redact.ts'
import { Report } from './report.ts'
import { Scanner, type Sighting } from './scanner.ts'

/** Something found. `value` is for hashing: it never leaves the engine, and is the caller's only until it returns. */
export type Hit = {
  /** Of the detector in its program. */
  readonly index: number
  readonly detector: string
  /** In bytes of the original stream. */
  readonly offset: number
  readonly length: number
  readonly value: Buffer
  readonly confidence: Confidence
}

/** An original span → where its decoded bytes came from. */
type Back = { readonly start: (at: number) => number; readonly end: (at: number) => number }

export class DlpStream {
  readonly #program: Program
  readonly #emit: (hit: Hit) => void
  readonly #stages: readonly Stage[]
  readonly #scanner: Scanner
  readonly #base64: Base64Finder
  /** Bytes decoded so far. */
  #decoded = 0
  #taken = 0
  #inner: { readonly scanner: Scanner; readonly offsets: Offsets; size: number } | undefined

  /**
   * @param emit called for each as soon as it is certain, and before `settled` passes it
   * @param form the stream is a query or application/x-www-form-urlencoded
   */
  constructor(program: Program, emit: (hit: Hit) => void, form = false) {
    this.#program = program
    this.#stages = [utf16(), escapes(form)]
    this.#emit = emit
    const back = { start: (at: number) => this.#start(at), end: (at: number) => this.#end(at) }
    this.#scanner = new Scanner(program, (sighting) => this.#report(sighting, back))
    this.#base64 = new Base64Finder({
      begin: () => this.#beginRun(),
      data: (text, offset) => this.#dataOfRun(text, offset),
      end: () => {
        this.#inner?.scanner.finish()
        this.#inner = undefined
      },
    })
  }

  /** Bytes pushed so far. */
  get taken(): number {
    return this.#taken
  }

  /** Everything that begins before this offset has been emitted. It lags by what detectors see before and behind, decoded. */
  get settled(): number {
    const outer = this.#start(Math.min(this.#scanner.settled, this.#base64.pending))
    const inner = this.#inner
    return inner ? Math.min(outer, this.#start(inner.offsets.start(inner.scanner.settled))) : outer
  }

  push(chunk: Buffer): void {
    this.#taken += chunk.length
    if (chunk.length <= sliceBytes) this.#feed(chunk, 0)
    else for (let i = 0; i < chunk.length; i += sliceBytes) this.#feed(chunk.subarray(i, i + sliceBytes), 0)
  }

  finish(): void {
    this.#stages.forEach((stage, i) => {
      this.#feed(stage.finish(), i + 1)
    })
    this.#base64.finish()
    this.#scanner.finish()
  }

  #feed(chunk: Buffer, from: number): void {
    const text = this.#stages.slice(from).reduce((bytes, stage) => stage.push(bytes), chunk)
    if (text.length === 0) return
    this.#decoded += text.length
    this.#base64.push(text)
    this.#scanner.push(text)
    this.#forget(this.#decoded - text.length - offsetMemoryBytes)
  }

  #start(at: number): number {
    return this.#stages.reduceRight((offset, stage) => stage.start(offset), at)
  }

  #end(at: number): number {
    return this.#stages.reduceRight((offset, stage) => stage.end(offset), at)
  }

  #forget(before: number): void {
    this.#stages.reduceRight((offset, stage) => {
      stage.forget(offset)
      return stage.start(offset)
    }, before)
  }

  #beginRun(): void {
    const offsets = new Offsets()
    const back = {
      start: (at: number) => this.#start(offsets.start(at)),
      end: (at: number) => this.#end(offsets.end(at)),
    }
    this.#inner = { offsets, size: 0, scanner: new Scanner(this.#program, (sighting) => this.#report(sighting, back)) }
  }

  #dataOfRun(text: Buffer, offset: number): void {
    const inner = this.#inner!
    const bytes = Buffer.from(text.toString('latin1'), 'base64')
    inner.offsets.add(inner.size, offset, 4 / 3)
    inner.size += bytes.length
    inner.scanner.push(bytes)
    inner.offsets.forget(inner.size - bytes.length - offsetMemoryBytes)
  }

  #report({ index, offset, end, value, confidence }: Sighting, back: Back): void {
    const start = back.start(offset)
    const detector = this.#program.detectors[index]!.name
    this.#emit({ index, detector, offset: start, length: back.end(end) - start, value, confidence })
  }
}

/** All findings of a whole text, in its order. */
export function scanAll(program: Program, redact: Redact, chunks: Iterable<Buffer>, form = false): Report {
  const report = new Report(redact)
  const stream = new DlpStream(program, (hit) => report.add(hit), form)
  for (const chunk of chunks) stream.push(chunk)
  stream.finish()
  return report
}
