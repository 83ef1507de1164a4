/**
 * DLP of one stream (a URL, a block of headers, a body): decode, scan, report. It promises findings at offsets of the
 * original stream, the same wherever it is cut; no finding, error or problem ever holds a value.
 */
import { Base64Finder } from './decode/base64.ts'
import { escapes } from './decode/escapes.ts'
import { Offsets } from './decode/offsets.ts'
import type { Stage } from './decode/stage.ts'
import { utf16 } from './decode/utf16.ts'
import { maxFindings, offsetMemoryBytes, sliceBytes } from './limits.ts'
import type { Finding } from './model.ts'
import type { Program } from './program.ts'
import type { Redact } from './redact.ts'
import { type Hit, Scanner } from './scanner.ts'

/** An original span → where its decoded bytes came from. */
type Back = { readonly start: (at: number) => number; readonly end: (at: number) => number }

export class DlpStream {
  readonly #program: Program
  readonly #redact: Redact
  readonly #emit: (finding: Finding) => void
  readonly #stages: readonly Stage[]
  readonly #scanner: Scanner
  readonly #base64: Base64Finder
  /** Bytes decoded so far. */
  #decoded = 0
  #found = 0
  #taken = 0
  #inner: { readonly scanner: Scanner; readonly offsets: Offsets; size: number } | undefined

  /**
   * @param emit called for each of the first `maxFindings`, as soon as they are certain
   * @param form the stream is a query or application/x-www-form-urlencoded
   */
  constructor(program: Program, redact: Redact, emit: (finding: Finding) => void, form = false) {
    this.#program = program
    this.#stages = [utf16(), escapes(form)]
    this.#redact = redact
    this.#emit = emit
    const back = { start: (at: number) => this.#start(at), end: (at: number) => this.#end(at) }
    this.#scanner = new Scanner(program, (hit) => this.#report(hit, back))
    this.#base64 = new Base64Finder({
      begin: () => this.#beginRun(),
      data: (text, offset) => this.#dataOfRun(text, offset),
      end: () => this.#inner?.scanner.finish(),
    })
  }

  /** How many there were, those past `maxFindings` among them. */
  get found(): number {
    return this.#found
  }

  /** Bytes pushed so far. */
  get taken(): number {
    return this.#taken
  }

  push(chunk: Buffer): void {
    this.#taken += chunk.length
    for (let i = 0; i < chunk.length; i += sliceBytes) this.#feed(chunk.subarray(i, i + sliceBytes), 0)
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
    this.#inner = { offsets, size: 0, scanner: new Scanner(this.#program, (hit) => this.#report(hit, back)) }
  }

  #dataOfRun(text: Buffer, offset: number): void {
    const inner = this.#inner!
    const bytes = Buffer.from(text.toString('latin1'), 'base64')
    inner.offsets.add(inner.size, offset, 4 / 3)
    inner.size += bytes.length
    inner.scanner.push(bytes)
    inner.offsets.forget(inner.size - bytes.length - offsetMemoryBytes)
  }

  #report({ detector, offset, end, value, confidence }: Hit, back: Back): void {
    if (++this.#found > maxFindings) return
    const start = back.start(offset)
    const sample = this.#redact(value)
    this.#emit({ detector, offset: start, length: back.end(end) - start, sample, confidence })
  }
}

/** All findings of a whole text, in its order. */
export function scanAll(program: Program, redact: Redact, chunks: Iterable<Buffer>, form = false): readonly Finding[] {
  const findings: Finding[] = []
  const stream = new DlpStream(program, redact, (finding) => findings.push(finding), form)
  for (const chunk of chunks) stream.push(chunk)
  stream.finish()
  return inOrder(findings)
}

export const inOrder = (findings: readonly Finding[]): readonly Finding[] =>
  findings.toSorted((a, b) => a.offset - b.offset || (a.detector < b.detector ? -1 : 1))
