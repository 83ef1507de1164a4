/**
 * One message judged by one sensor: feed each part as it comes, then ask. Findings carry no value; which rules hold is known
 * at the end only, because a rule may ask for what is not there.
 */
import type { Finding } from './model.ts'
import type { Redact } from './redact.ts'
import { type Action, type Part, type Pattern, parts, type Sensor } from './sensor.ts'
import { DlpStream } from './stream.ts'

export type PartFinding = Finding & { readonly part: Part }

export type DlpVerdict = {
  /** Undefined: no rule holds. A masking sensor that found something outside of the body denies. */
  readonly action: Action | undefined
  /** Names of the rules that hold, in the sensor's order. */
  readonly rules: readonly string[]
  /** What their patterns found: URL, headers, body, each by offset. */
  readonly findings: readonly PartFinding[]
}

const inOrder = (a: PartFinding, b: PartFinding): number =>
  parts.indexOf(a.part) - parts.indexOf(b.part) || a.offset - b.offset

export class Inspection {
  readonly #sensor: Sensor
  readonly #redact: Redact
  readonly #findings: PartFinding[] = []
  readonly #streams = new Map<Part, DlpStream>()

  constructor(sensor: Sensor, redact: Redact) {
    this.#sensor = sensor
    this.#redact = redact
  }

  push(part: Part, chunk: Buffer): void {
    this.#stream(part).push(chunk)
  }

  /** The inspection is of no use afterwards. */
  finish(): DlpVerdict {
    for (const stream of this.#streams.values()) stream.finish()
    const holding = this.#sensor.rules.filter(({ patterns }) =>
      patterns.every((p) => this.#foundBy(p).length > 0 === p.have),
    )
    const had = holding.flatMap(({ patterns }) => patterns.filter(({ have }) => have))
    const findings = [...new Set(had.flatMap((pattern) => this.#foundBy(pattern)))].sort(inOrder)
    return { action: this.#action(findings), rules: holding.map(({ name }) => name), findings }
  }

  #action(findings: readonly PartFinding[]): Action | undefined {
    if (findings.length === 0) return undefined
    const { action } = this.#sensor
    return action === 'mask' && findings.some(({ part }) => part !== 'body') ? 'deny' : action
  }

  #foundBy({ detector, contexts }: Pattern): readonly PartFinding[] {
    const { name } = this.#sensor.program.detectors[detector]!
    return this.#findings.filter((finding) => finding.detector === name && contexts.includes(finding.part))
  }

  #stream(part: Part): DlpStream {
    const known = this.#streams.get(part)
    if (known) return known
    const stream = new DlpStream(
      this.#sensor.program,
      this.#redact,
      (f) => this.#findings.push({ ...f, part }),
      part === 'url',
    )
    this.#streams.set(part, stream)
    return stream
  }
}
