/** Sensors as documents: the shortest that the parsers read back the same, for exports and answers. */
import type {
  BodyLimit,
  CrsExclusion,
  CrsSettings,
  DlpSensor,
  PatternContext,
  SensorPattern,
  SensorRule,
  WafSensor,
} from './sensor.ts'
import { defaultCrs, defaultDlpBody, defaultWafBody, plainPattern } from './sensor.ts'

/** Its kind is what its fields say: one of `regex`, `detector`, `words`, `hashes` is there. */
export type PatternDocument = {
  readonly have?: boolean
  readonly contexts?: readonly PatternContext[]
  readonly atLeast?: number
  readonly ignoreCase?: boolean
  readonly regex?: string
  readonly detector?: string
  readonly words?: readonly string[]
  readonly wholeWords?: boolean
  readonly salt?: string
  readonly hashes?: readonly string[]
  readonly lengths?: readonly number[]
}
export type SensorRuleDocument = { readonly name: string; readonly patterns: readonly PatternDocument[] }
export type CrsDocument = { readonly exclusions?: readonly CrsExclusion[] } & Partial<Omit<CrsSettings, 'exclusions'>>
type Common = { readonly name: string; readonly comment?: string; readonly body?: Partial<BodyLimit> }
export type WafSensorDocument = Common & {
  readonly rules?: readonly SensorRuleDocument[]
  /** `{}` is the rule set as it is by default. */
  readonly crs?: CrsDocument | null
}
export type DlpSensorDocument = Common & { readonly rules: readonly SensorRuleDocument[]; readonly mask?: boolean }

export function wafSensorToDocument({ name, comment, rules, crs, body }: WafSensor): WafSensorDocument {
  return {
    name,
    ...besides({ comment }, { comment: '' }),
    ...(rules.length > 0 && { rules: rules.map(sensorRuleToDocument) }),
    ...(crs !== null && { crs: besides(crs, defaultCrs) }),
    ...bodyOf(body, defaultWafBody),
  }
}

export function dlpSensorToDocument({ name, comment, rules, mask, body }: DlpSensor): DlpSensorDocument {
  return {
    name,
    ...besides({ comment }, { comment: '' }),
    rules: rules.map(sensorRuleToDocument),
    ...besides({ mask }, { mask: false }),
    ...bodyOf(body, defaultDlpBody),
  }
}

export const sensorRuleToDocument = ({ name, patterns }: SensorRule): SensorRuleDocument => ({
  name,
  patterns: patterns.map(patternToDocument),
})

const patternDefaults = { ...plainPattern, ignoreCase: false, wholeWords: true }

function patternToDocument({ kind: _, ...pattern }: SensorPattern): PatternDocument {
  return besides<PatternDocument>(pattern, patternDefaults)
}

function bodyOf(body: BodyLimit, standard: BodyLimit): Pick<Common, 'body'> {
  const said = besides(body, standard)
  return Object.keys(said).length === 0 ? {} : { body: said }
}

/** The members that say something else than these. */
function besides<T extends object>(value: T, standard: Partial<T>): Partial<T> {
  const defaults = new Map<string, unknown>(Object.entries(standard))
  const said = Object.entries(value).filter(
    ([key, member]) => !defaults.has(key) || JSON.stringify(member) !== JSON.stringify(defaults.get(key)),
  )
  return Object.fromEntries(said) as Partial<T>
}
