/** What is kept of the hits of one stream: redacted findings, as many as anybody reads. All of them are counted. */
import { findingsEach, maxFindings } from './limits.ts'
import type { Finding } from './model.ts'
import type { Redact } from './redact.ts'
import type { Hit } from './stream.ts'

export class Report {
  readonly #redact: Redact
  readonly #ofDetector: number[] = []
  readonly #kept: { readonly index: number; readonly finding: Finding }[] = []
  #found = 0

  constructor(redact: Redact) {
    this.#redact = redact
  }

  /** Of every detector its first ones, however many others come before: thousands of addresses do not hide a key. */
  add({ index, detector, offset, length, value, confidence }: Hit): void {
    this.#found++
    const nth = this.#ofDetector[index] ?? 0
    this.#ofDetector[index] = nth + 1
    if (this.#kept.length >= maxFindings && nth >= findingsEach) return
    this.#kept.push({ index, finding: { detector, offset, length, sample: this.#redact(value), confidence } })
  }

  /** Those not kept among them. */
  get found(): number {
    return this.#found
  }

  /** As they came; with the index of the detector in its program. */
  get kept(): readonly { readonly index: number; readonly finding: Finding }[] {
    return this.#kept
  }

  get findings(): readonly Finding[] {
    return inOrder(this.#kept.map(({ finding }) => finding))
  }
}

export const inOrder = <T extends Finding>(findings: readonly T[]): readonly T[] =>
  findings.toSorted((a, b) => a.offset - b.offset || (a.detector < b.detector ? -1 : 1))
