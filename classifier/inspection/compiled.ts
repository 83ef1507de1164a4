/** What profiles become in a worker, and the sensors they share. */
import type { Plan } from '../../xds-server/policy/inspection-plan.ts'
import type { Problem } from '../../xds-server/policy/model.ts'
import type {
  BodyLimit,
  DlpSensor,
  InspectionProfile,
  PatternContext,
  SensorRule,
  WafSensor,
} from '../../xds-server/policy/sensor.ts'
import type { Dlp } from '../dlp/dlp.ts'
import { compileSensor, type Sensor } from '../dlp/sensor.ts'
import type { RuleSetEngine } from './rule-set.ts'
import { byteString } from './text.ts'
import { compileWafRules, type WafRule } from './waf-rules.ts'

export type CompiledWaf = {
  readonly name: string
  readonly rules: readonly WafRule[]
  readonly ruleSet: RuleSetEngine | undefined
  readonly judgesResponses: boolean
  readonly readsBody: boolean
  readonly body: BodyLimit
}

/** A sensor as one profile means it. `denies`: what it finds is refused. */
export type WafMember = { readonly sensor: CompiledWaf; readonly denies: boolean }
export type DlpMember = {
  readonly name: string
  readonly denies: boolean
  readonly mask: boolean
  readonly readsBody: boolean
  readonly body: BodyLimit
}

export type CompiledProfile = {
  readonly profile: InspectionProfile
  readonly plan: Plan
  readonly waf: readonly WafMember[]
  /** All DLP sensors in one pass; `members` in the order of its verdicts. */
  readonly dlp:
    | { readonly engine: Dlp; readonly members: readonly DlpMember[]; readonly contexts: ReadonlySet<PatternContext> }
    | undefined
}

export type Compiled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export const contextsOf = (rules: readonly SensorRule[]): ReadonlySet<PatternContext> =>
  new Set(rules.flatMap(({ patterns }) => patterns.flatMap(({ contexts }) => contexts)))

/** @param ruleSet of the sensor's `crs`, where it has one */
export function compileWafSensor(sensor: WafSensor, ruleSet: RuleSetEngine | undefined): Compiled<CompiledWaf> {
  const problems: Problem[] = []
  const rules = compileWafRules(sensor.rules, problems)
  if (problems.length > 0) return { ok: false, problems }
  const { name, crs, body } = sensor
  const readsBody = crs !== null || contextsOf(sensor.rules).has('body')
  return { ok: true, value: { name, rules, ruleSet, judgesResponses: crs?.responses === true, readsBody, body } }
}

/** Regexes are looked for in bytes: letters beyond ASCII are what they are in UTF-8. */
export function compileDlpSensor(sensor: DlpSensor): Compiled<Sensor> {
  const rules = sensor.rules.map((rule) => ({
    ...rule,
    patterns: rule.patterns.map((pattern) =>
      pattern.kind === 'regex' ? { ...pattern, regex: byteString(pattern.regex) } : pattern,
    ),
  }))
  const compiled = compileSensor({ ...sensor, rules })
  return compiled.ok ? compiled : { ok: false, problems: compiled.problems.map(withPosition) }
}

const withPosition = ({ path, message, position }: { path: string; message: string; position?: number }): Problem => ({
  path,
  message:
    position === undefined || message.includes('(at character')
      ? message
      : `${message} (at character ${position + 1} of the pattern)`,
})
