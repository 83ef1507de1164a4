/**
 * One message judged by some sensors: feed each part as it comes, then ask. Findings carry no value; which rules hold is known
 * at the end only, because a rule may ask for what is not there.
 */
import type { PatternContext } from '../../xds-server/policy/sensor.ts'
import { type Caps, ContentDecoder } from '../content/decoder.ts'
import { Evidence } from './evidence.ts'
import { judge, type SensorVerdict } from './judge.ts'
import { aheadBytes, maxInflatedBytes, maxInflatedRatio } from './limits.ts'
import { MaskStream } from './mask-stream.ts'
import type { Program } from './program.ts'
import type { Redact } from './redact.ts'
import type { Sensor } from './sensor.ts'
import { DlpStream, type Hit } from './stream.ts'

export type ContentOptions = {
  /** Of the body; `application/x-www-form-urlencoded` has spaces for plus signs. */
  readonly contentType?: string
  readonly contentEncoding?: string
}

export type DlpVerdict = {
  /** One for each sensor, also where nothing holds. */
  readonly sensors: readonly SensorVerdict[]
  /** Why not everything was looked at. */
  readonly partial: string | undefined
}

/** What `createDlp` made of the sensors. By name or index of detectors in the program. */
export type Plan = {
  readonly sensors: readonly Sensor[]
  readonly program: Program
  readonly redact: Redact
  readonly index: ReadonlyMap<string, number>
  /** How many different values are told apart. */
  readonly wanted: readonly number[]
  /** Those whose findings in a body some sensor may want to overwrite. */
  readonly masking: ReadonlySet<number>
}

export const bodyCaps: Caps = { maxBytes: maxInflatedBytes, maxRatio: maxInflatedRatio }
/** What is masked while it passes is not held, and nobody gets less of it than was sent. */
const passingCaps: Caps = { maxBytes: Number.POSITIVE_INFINITY, maxRatio: maxInflatedRatio }

export const isForm = (contentType: string): boolean => /^\s*application\/x-www-form-urlencoded\b/i.test(contentType)

export class Inspection {
  readonly #plan: Plan
  readonly #content: Required<ContentOptions>
  readonly #evidence: Evidence
  readonly #streams = new Map<PatternContext, DlpStream>()
  #decoder: ContentDecoder
  /** Decoded bytes of the body that any sensor looks at. */
  #limit: number
  #decoded = 0

  constructor(plan: Plan, { contentType = '', contentEncoding = '' }: ContentOptions) {
    this.#plan = plan
    this.#content = { contentType, contentEncoding }
    this.#evidence = new Evidence(plan.redact, plan.wanted, plan.masking)
    this.#decoder = new ContentDecoder(contentEncoding, bodyCaps)
    this.#limit = Math.max(0, ...plan.sensors.map(({ inspectBytes }) => inspectBytes))
  }

  /** Bodies as they come, coded or not. */
  push(part: PatternContext, chunk: Buffer): void {
    if (part !== 'body') this.#stream(part).push(chunk)
    // What goes on behind the limit decides what stands before it.
    else if (this.#decoded < this.#limit + aheadBytes) {
      const bytes = this.#decoder.push(chunk)
      this.#decoded += bytes.length
      this.#stream('body').push(bytes)
    }
  }

  /**
   * Instead of `push('body', …)`: a body that is masked while it passes, all of it, past `inspectBytes` too. What rules need is
   * not known until the end: everything that a masking sensor's patterns look for is overwritten, whether the rule holds or not.
   */
  masked(): MaskStream {
    const { program, masking } = this.#plan
    this.#limit = Number.POSITIVE_INFINITY
    this.#decoder = new ContentDecoder(this.#content.contentEncoding, passingCaps)
    const add = (hit: Hit) => this.#evidence.add('body', hit)
    return new MaskStream({ program, form: isForm(this.#content.contentType), decoder: this.#decoder, masking, add })
  }

  /** The inspection is of no use afterwards. */
  finish(): DlpVerdict {
    for (const stream of this.#streams.values()) stream.finish()
    this.#decoder.finish()
    return this.verdict
  }

  /** By what has been found until now: a rule may not hold yet, or no longer because of what still comes. */
  get verdict(): DlpVerdict {
    const { sensors, index } = this.#plan
    const verdicts = sensors.map((sensor) => {
      const limit = Number.isFinite(this.#limit) ? sensor.inspectBytes : this.#limit
      return judge(sensor, { evidence: this.#evidence, index, limit })
    })
    const past = this.#decoded > this.#limit ? `only ${this.#limit} bytes of the body were looked at` : undefined
    return { sensors: verdicts, partial: this.#decoder.problem ?? past }
  }

  /** Gives memory back where nobody wants the verdict any more. */
  drop(): void {
    this.#decoder.close()
  }

  #stream(part: PatternContext): DlpStream {
    const known = this.#streams.get(part)
    if (known) return known
    const form = part === 'url' || (part === 'body' && isForm(this.#content.contentType))
    const stream = new DlpStream(this.#plan.program, (hit) => this.#evidence.add(part, hit), form)
    this.#streams.set(part, stream)
    return stream
  }
}
