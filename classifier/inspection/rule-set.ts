/**
 * A whole rule set as one sensor has it. It never ends a transaction by itself: what it would have refused is told, so
 * that one engine serves the groups that refuse and those that only want to know.
 */
import type { Problem } from '../../xds-server/policy/model.ts'
import type { CrsSettings } from '../../xds-server/policy/sensor.ts'
import { createEngine } from '../waf/engine/evaluate.ts'
import type { HttpRequest, HttpResponse, Outcome, RuleMatch } from '../waf/engine/model.ts'
import { loadRuleSet } from '../waf/rule-sets.ts'
import type { RuleSet } from '../waf/seclang/model.ts'
import { maxDataCharacters, maxMessageCharacters } from './limits.ts'
import type { Finding } from './model.ts'
import { shown } from './text.ts'

export type RuleSetResult = {
  /** HTTP status of the refusal that the rules ask for; undefined: none. */
  readonly refusal: number | undefined
  /** Of a refusal: the rules that led to it. A match below the threshold is no finding. */
  readonly findings: readonly Omit<Finding, 'sensor'>[]
  readonly found: number
  readonly score: number
  readonly partial: string | undefined
}

/** One request and its response. */
export type RuleSetRun = {
  readonly request: RuleSetResult
  /** @param isCut it is only the beginning of the body: that it can not be read to its end is nobody's fault */
  respond(response: HttpResponse, isCut: boolean): RuleSetResult
}

export type RuleSetEngine = {
  begin(request: HttpRequest, isCut: boolean): RuleSetRun
  /** Seconds of work; without it the first requests take many times longer, and may be late. */
  warm(): void
}

/** @param requestBytes of a body that are looked at, decoded, files not counted */
export function compileRuleSet(
  settings: CrsSettings,
  requestBytes: number,
  crsDirectory: string | undefined,
):
  | { readonly ok: true; readonly value: RuleSetEngine }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  // Whether responses are judged the sensor decides, which asks or does not: one engine for both.
  const loaded = loadRuleSet({ ...settings, responses: true, crsDirectory })
  if (!loaded.ok) {
    const problems = loaded.problems.map(({ file, line, message }) => ({
      path: 'crs',
      message: `${file}:${line}: ${message}`,
    }))
    return { ok: false, problems }
  }
  return { ok: true, value: engineOf(loaded.value, requestBytes) }
}

function engineOf(ruleSet: RuleSet, requestBytes: number): RuleSetEngine {
  const statuses = new Map(
    ruleSet.rules
      .filter(({ disruption }) => disruption === 'deny' || disruption === 'drop')
      .map((r) => [r.id, r.status]),
  )
  const configuration = { ...ruleSet.configuration, engine: 'DetectionOnly' } as const
  const engine = createEngine({ ...ruleSet, configuration }, { requestBytes })
  return {
    warm: () => engine.warm(),
    begin(request, isCut) {
      const run = engine.begin(request)
      const { outcome } = run
      const seen = outcome.matches.length
      return {
        request: resultOf(outcome, 0, statuses, isCut),
        respond: (response, cut) => resultOf(run.respond(response), seen, statuses, cut),
      }
    },
  }
}

/** They say that a body can not be read (`base.ts`). */
const unreadable: ReadonlySet<number> = new Set([200_002, 200_003, 200_004])

type Statuses = ReadonlyMap<number, number>

function resultOf(
  { matches, score, partial }: Outcome,
  from: number,
  statuses: Statuses,
  isCut: boolean,
): RuleSetResult {
  const counted = matches.slice(from).filter(({ id }) => !(isCut && unreadable.has(id)))
  const refusing = counted.find(({ id }) => statuses.has(id))
  if (!refusing) return { refusal: undefined, findings: [], found: 0, score, partial }
  // Who adds up what others have found says nothing new.
  const graded = counted.filter(({ severity, variable }) => severity !== '' && !variable.startsWith('TX:'))
  const told = graded.length > 0 ? graded : [refusing]
  return { refusal: statuses.get(refusing.id), findings: told.map(findingOf), found: told.length, score, partial }
}

/** Their values are nobody's business, attack or not. */
const secret =
  /^REQUEST_COOKIES|^REQUEST_HEADERS:(?:authorization|cookie|proxy-authorization|x-api-key)$|passw|secret|token/i

function findingOf({ id, severity, message, data, variable }: RuleMatch): Omit<Finding, 'sensor'> {
  const shows = data !== '' && !secret.test(variable)
  const what = shown(message, maxMessageCharacters)
  return {
    kind: 'waf',
    rule: String(id),
    severity: severities[severity.toUpperCase()] ?? 'notice',
    message: shows ? `${what}: ${shown(data, maxDataCharacters)}` : what,
    where: shown(variable.replace(/^MATCHED_VARS:/, ''), maxDataCharacters),
  }
}

/** ModSecurity's eight (syslog's) as four. */
const severities: Readonly<Record<string, string>> = {
  EMERGENCY: 'critical',
  ALERT: 'critical',
  CRITICAL: 'critical',
  ERROR: 'error',
  WARNING: 'warning',
}
