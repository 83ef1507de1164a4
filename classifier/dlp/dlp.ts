/**
 * Several sensors over one message in one pass: their detectors are put together, each one once; each sensor's rules are judged
 * by what was found. What a rule that holds means (an alert, a refusal, a mask) is for whoever asked.
 */
import { type ContentOptions, Inspection, type Plan } from './inspection.ts'
import { compileDetectors } from './program.ts'
import type { Redact } from './redact.ts'
import type { Pattern, Sensor } from './sensor.ts'

export type Dlp = {
  /** One message: a request or a response. */
  readonly begin: (content?: ContentOptions) => Inspection
}

const patternsOf = (sensors: readonly Sensor[]): readonly Pattern[] =>
  sensors.flatMap(({ rules }) => rules.flatMap(({ patterns }) => patterns))

/**
 * Compile once, inspect any number of messages.
 * @param sensors `mask` as it is meant here: false where a masking sensor is bound to alert only
 */
export function createDlp(sensors: readonly Sensor[], redact: Redact): Dlp {
  const patterns = patternsOf(sensors)
  const detectors = new Map(patterns.map(({ detector }) => [detector.name, detector]))
  const program = compileDetectors([...detectors.values()])
  const index = new Map(program.detectors.map(({ name }, i) => [name, i]))
  const wanted = program.detectors.map(({ name }) =>
    Math.max(...patterns.filter(({ detector }) => detector.name === name).map(({ atLeast }) => atLeast)),
  )
  const masked = patternsOf(sensors.filter(({ mask }) => mask)).filter((p) => p.have && p.contexts.includes('body'))
  const masking = new Set(masked.map(({ detector }) => index.get(detector.name)!))
  const plan: Plan = { sensors, program, redact, index, wanted, masking }
  return { begin: (content = {}) => new Inspection(plan, content) }
}
