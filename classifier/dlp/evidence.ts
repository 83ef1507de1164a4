/** What one message showed, part by part: redacted findings, numbers of different values, and places to overwrite. */
import type { PatternContext } from '../../xds-server/policy/sensor.ts'
import { inBody, type Span } from './mask.ts'
import type { Finding } from './model.ts'
import type { Redact } from './redact.ts'
import { Report } from './report.ts'
import type { Hit } from './stream.ts'
import { Tally } from './tally.ts'

type OfPart = { readonly report: Report; readonly tallies: (Tally | undefined)[] }
type Kept = { readonly index: number; readonly finding: Finding }

export class Evidence {
  readonly #wanted: readonly number[]
  readonly #masking: ReadonlySet<number>
  readonly #parts: Readonly<Record<PatternContext, OfPart>>
  readonly #spans: (Span & { readonly index: number })[] = []

  /**
   * @param wanted by detector: how many different values are told apart
   * @param masking the detectors of which every place in the body is kept
   */
  constructor(redact: Redact, wanted: readonly number[], masking: ReadonlySet<number>) {
    const ofPart = (): OfPart => ({ report: new Report(redact), tallies: [] })
    this.#wanted = wanted
    this.#masking = masking
    this.#parts = { url: ofPart(), header: ofPart(), body: ofPart() }
  }

  add(part: PatternContext, hit: Hit): void {
    const { report, tallies } = this.#parts[part]
    const { index, offset, length, value } = hit
    report.add(hit)
    const tally = tallies[index] ?? new Tally(this.#wanted[index]!)
    tallies[index] = tally
    tally.add(value, offset + length)
    if (part === 'body' && this.#masking.has(index)) this.#spans.push({ index, offset, length })
  }

  tally(part: PatternContext, detector: number): Tally | undefined {
    return this.#parts[part].tallies[detector]
  }

  kept(part: PatternContext): readonly Kept[] {
    return this.#parts[part].report.kept
  }

  /** Places in the body where one of these was found, in its order. */
  spans(detectors: ReadonlySet<number>): readonly Span[] {
    const found = this.#spans.filter(({ index }) => detectors.has(index))
    return found.map(({ offset, length }) => ({ offset, length })).sort(inBody)
  }
}
