/** NeuVector's sensors as ours: a rule's patterns with `regex` and `!regex`, each in one context. */
import { anyText, list, oneOf, optional, type Reader, required } from '../../xds-server/policy/parse.ts'
import type { PatternDocument, SensorRuleDocument } from '../../xds-server/policy/sensor-document.ts'
import { members } from './members.ts'

type Pattern = {
  readonly key: 'pattern'
  readonly op: 'regex' | '!regex'
  readonly value: string
  readonly context: (typeof contexts)[number]
}
const contexts = ['url', 'header', 'body', 'packet'] as const

/** More of either is refused by the policy's own parser, which names its bounds. */
const maxItems = 10_000

const pattern = members<Pattern>({
  key: optional<Pattern['key']>(oneOf(['pattern']), 'pattern'),
  op: required(oneOf(['regex', '!regex'])),
  value: required(anyText(1_024)),
  // as NeuVector has it (DlpPatternContextDefault)
  context: optional<Pattern['context']>(oneOf(contexts), 'body'),
})
type Rule = { readonly name: string; readonly patterns: readonly Pattern[] }
type Sensor = { readonly name: string; readonly comment: string; readonly rules: readonly Rule[] }
const rule = members<Rule>({ name: required(anyText()), patterns: required(list(pattern, maxItems)) })
const sensor = members<Sensor>({
  name: required(anyText()),
  comment: optional(anyText(), ''),
  rules: required(list(rule, maxItems)),
})

/** `spec.sensor` of an NvWafSecurityRule or NvDlpSecurityRule. */
export const readSensor: Reader<{ readonly spec: { readonly sensor: Sensor } }> = members({
  spec: required(members({ sensor: required(sensor) })),
})

export type SensorDocument = {
  readonly name: string
  readonly comment?: string
  readonly rules: readonly SensorRuleDocument[]
}

export function sensorDocument({ name, comment, rules }: Sensor): SensorDocument {
  const written = rules.map((one) => ({ name: one.name, patterns: one.patterns.map(patternDocument) }))
  return { name, ...(comment !== '' && { comment }), rules: written }
}

/** A packet has all there is of a message. */
function patternDocument({ op, value, context }: Pattern): PatternDocument {
  return {
    regex: value,
    ...(op === '!regex' && { have: false }),
    ...(context !== 'packet' && { contexts: [context] }),
  }
}

/** Rules with a pattern that looks at whole packets. */
export const packetRules = ({ rules }: Sensor): readonly string[] =>
  rules.filter(({ patterns }) => patterns.some(({ context }) => context === 'packet')).map(({ name }) => name)
