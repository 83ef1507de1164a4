/** What the verdict of a pass means for each DLP sensor of a profile. */
import type { DlpVerdict } from '../dlp/inspection.ts'
import type { HoldingRule, PartFinding, SensorVerdict } from '../dlp/judge.ts'
import type { DlpMember } from './compiled.ts'
import { maxFindingsOfRule } from './limits.ts'
import type { Finding } from './model.ts'
import { nothingFound, type Result } from './result.ts'

/** How much of the body there was to look at. */
export type Seen = {
  readonly bytes: number
  /** The body goes on behind them, as far as is held, and will not be looked at. */
  readonly isCut: boolean
}

export function dlpResult(verdict: DlpVerdict, members: readonly DlpMember[], seen: Seen, isResponse: boolean): Result {
  const late = members.flatMap((member) => pastLimit(member, seen, verdict.partial) ?? [])
  const results = verdict.sensors.map((sensor, i) => resultOf(sensor, members[i]!, isResponse))
  const all = [...late, ...results]
  return {
    refusal: all.find(({ refusal }) => refusal !== undefined)?.refusal,
    findings: all.flatMap(({ findings }) => findings),
    found: all.reduce((sum, { found }) => sum + found, 0),
    score: 0,
    partial: verdict.partial,
  }
}

/** A body that can not be looked at to its end, where that is not to pass. */
function pastLimit(member: DlpMember, { bytes, isCut }: Seen, partial: string | undefined): Result | undefined {
  const { denies, readsBody, body: limit, name } = member
  if (!denies || !readsBody || limit.pastLimit !== 'deny') return undefined
  const isPast = bytes > limit.inspectBytes || isCut
  if (!isPast && partial === undefined) return undefined
  const message = isPast ? `the body has more than ${limit.inspectBytes} bytes` : partial!
  const finding = {
    kind: 'dlp',
    sensor: name,
    rule: 'body-limit',
    severity: 'warning',
    message,
    where: 'body',
  } as const
  return { ...nothingFound, refusal: 413, findings: [finding], found: 1 }
}

/** A response is looked at beside the URL it answers: what is in the URL alone was told of with the request. */
function resultOf({ sensor, rules }: SensorVerdict, member: DlpMember, isResponse: boolean): Result {
  const own = rules.map((rule) => ({
    ...rule,
    findings: rule.findings.filter(({ part }) => !isResponse || part !== 'url'),
  }))
  const holding = own.filter(({ findings }) => findings.length > 0)
  if (holding.length === 0) return nothingFound
  const isMasked = member.mask && holding.every(({ findings }) => findings.every(({ part }) => part === 'body'))
  return {
    ...nothingFound,
    refusal: member.denies && !isMasked ? 403 : undefined,
    findings: holding.flatMap((rule) => findingsOf(rule, sensor)),
    found: holding.reduce((sum, rule) => sum + rule.found, 0),
  }
}

const findingsOf = ({ name, findings }: HoldingRule, sensor: string): readonly Finding[] =>
  findings.slice(0, maxFindingsOfRule).map((finding) => findingOf(finding, sensor, name))

const findingOf = ({ detector, confidence, part, sample }: PartFinding, sensor: string, rule: string): Finding => ({
  kind: 'dlp',
  sensor,
  rule,
  severity: confidence === 'certain' ? 'critical' : 'error',
  message: detector,
  where: part,
  sample,
})
