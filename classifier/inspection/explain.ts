/** What a sensor makes of one request, rule by rule and pattern by pattern, and how long each took: for people who write them. */
import type { DlpSensor, PatternContext, SensorPattern, SensorRule, WafSensor } from '../../xds-server/policy/sensor.ts'
import { createDlp } from '../dlp/dlp.ts'
import type { Redact } from '../dlp/redact.ts'
import { type Compiled, compileDlpSensor, compileWafSensor } from './compiled.ts'
import { judgeDlp } from './dlp-judge.ts'
import { maxDataCharacters } from './limits.ts'
import { subjectsOf } from './message.ts'
import type { BodyPrefix, Finding, RequestHead } from './model.ts'
import { compileRuleSet } from './rule-set.ts'
import { shown } from './text.ts'
import { WafJudge } from './waf-judge.ts'
import { placeOf } from './waf-rules.ts'

export type PatternExplanation = {
  /** In words: the regex, the detector, the first words. */
  readonly pattern: string
  readonly have: boolean
  /** It was found, often enough. */
  readonly found: boolean
  /** Whether that is what the rule wants. */
  readonly holds: boolean
  /** Where it was found first. */
  readonly where: PatternContext | undefined
  /** What was found: of WAF patterns the text, of DLP ones a redacted sample. */
  readonly sample: string | undefined
  readonly us: number
}

export type RuleExplanation = {
  readonly rule: string
  /** All its patterns hold. */
  readonly matched: boolean
  readonly patterns: readonly PatternExplanation[]
}

export type RuleSetExplanation = {
  readonly score: number
  /** It would be refused, with this HTTP status. */
  readonly refusal: number | undefined
  readonly findings: readonly Omit<Finding, 'sensor'>[]
  readonly us: number
}

export type Explanation = {
  /** A rule matched, or the rule set refuses. */
  readonly matched: boolean
  readonly rules: readonly RuleExplanation[]
  readonly ruleSet: RuleSetExplanation | undefined
  /** Why not everything was looked at. */
  readonly partial: string | undefined
}

export type ExplainOptions = { readonly crsDirectory?: string; readonly redact: Redact }

/** Problems: those of `checkSensor`, and of a rule set that can not be loaded. */
export function explain(
  sensor: WafSensor | DlpSensor,
  head: RequestHead,
  body: BodyPrefix,
  options: ExplainOptions,
): Compiled<Explanation> {
  return 'crs' in sensor ? explainWaf(sensor, head, body, options) : explainDlp(sensor, head, body, options)
}

function explainWaf(
  sensor: WafSensor,
  head: RequestHead,
  body: BodyPrefix,
  options: ExplainOptions,
): Compiled<Explanation> {
  const ruleSet =
    sensor.crs === null ? undefined : compileRuleSet(sensor.crs, sensor.body.inspectBytes, options.crsDirectory)
  if (ruleSet?.ok === false) return ruleSet
  const compiled = compileWafSensor(sensor, undefined)
  if (!compiled.ok) return compiled
  const { subjects, partial } = subjectsOf(head, body.bytes)
  const rules = sensor.rules.map((rule, r) =>
    explained(rule, (_, p) => () => {
      const place = placeOf(compiled.value.rules[r]!.patterns[p]!, subjects)
      return place && { where: place.context, sample: shown(place.text, maxDataCharacters) }
    }),
  )
  const whole = compileWafSensor({ ...sensor, rules: [] }, ruleSet?.value)
  const judged =
    whole.ok && ruleSet
      ? timed(() => new WafJudge({ sensor: whole.value, denies: true }).request(head, body))
      : undefined
  const set = judged && { ...judged.value, us: judged.us }
  return explanation(rules, set, set?.partial ?? partial)
}

function explainDlp(
  sensor: DlpSensor,
  head: RequestHead,
  body: BodyPrefix,
  { redact }: ExplainOptions,
): Compiled<Explanation> {
  const compiled = compileDlpSensor(sensor)
  if (!compiled.ok) return compiled
  const message = { url: head.path, headers: head.headers, held: Number.POSITIVE_INFINITY, isResponse: false }
  let partial: string | undefined
  const rules = sensor.rules.map((rule, r) =>
    explained(rule, (pattern, p) => {
      // Alone, and as if it were to be found: a rule with only this pattern holds where it is found.
      const alone = { ...compiled.value.rules[r]!.patterns[p]!, have: true }
      const engine = createDlp(
        [{ ...compiled.value, mask: false, rules: [{ name: rule.name, patterns: [alone] }] }],
        redact,
      )
      const member = { name: sensor.name, denies: false, mask: false, readsBody: true, body: sensor.body }
      const dlp = { engine, members: [member], contexts: new Set(pattern.contexts) }
      return () => {
        const { result } = judgeDlp(dlp, message, body)
        partial ??= result.partial
        const [first] = result.findings
        return first && { where: first.where as PatternContext, sample: first.sample }
      }
    }),
  )
  return explanation(rules, undefined, partial)
}

function explanation(
  rules: readonly RuleExplanation[],
  ruleSet: RuleSetExplanation | undefined,
  partial: string | undefined,
): Compiled<Explanation> {
  const matched = rules.some((rule) => rule.matched) || ruleSet?.refusal !== undefined
  return { ok: true, value: { matched, rules, ruleSet, partial } }
}

type Found = { readonly where: PatternContext; readonly sample: string | undefined }

function explained(
  rule: SensorRule,
  finder: (pattern: SensorPattern, index: number) => () => Found | undefined,
): RuleExplanation {
  const patterns = rule.patterns.map((pattern, p): PatternExplanation => {
    const { value: found, us } = timed(finder(pattern, p))
    return {
      pattern: describe(pattern),
      have: pattern.have,
      found: found !== undefined,
      holds: (found !== undefined) === pattern.have,
      where: found?.where,
      sample: found?.sample,
      us,
    }
  })
  return { rule: rule.name, matched: patterns.every(({ holds }) => holds), patterns }
}

/** The second of two turns: the first compiles what is compiled once. */
function timed<T>(work: () => T): { readonly value: T; readonly us: number } {
  work()
  const started = performance.now()
  const value = work()
  return { value, us: Math.round((performance.now() - started) * 1000) }
}

const describers: { readonly [K in SensorPattern['kind']]: (pattern: Extract<SensorPattern, { kind: K }>) => string } =
  {
    regex: ({ regex, ignoreCase }) => `/${regex}/${ignoreCase ? 'i' : ''}`,
    detector: ({ detector }) => detector,
    words: ({ words }) =>
      words.length > 3 ? `${words.slice(0, 3).join(', ')} … (${words.length} words)` : words.join(', '),
    exact: ({ hashes }) => `exact data (${hashes.length} values)`,
  }
const describe = <K extends SensorPattern['kind']>(pattern: Extract<SensorPattern, { kind: K }>): string =>
  describers[pattern.kind as K](pattern)
