/** One message judged by all DLP sensors of a profile, in one pass. */

import { bodyCaps, type Inspection } from '../dlp/inspection.ts'
import type { HoldingRule, PartFinding, SensorVerdict } from '../dlp/judge.ts'
import { maskBody } from '../dlp/mask.ts'
import type { CompiledProfile, DlpMember } from './compiled.ts'
import { maxFindingsOfRule } from './limits.ts'
import { bufferOf, headerOf } from './message.ts'
import type { BodyPrefix, Finding, Header } from './model.ts'
import { nothingFound, type Replacement, type Result } from './result.ts'

export type DlpMessage = {
  /** Path and query: of the request, also where the message is its response. */
  readonly url: string
  readonly headers: readonly Header[]
  readonly body: BodyPrefix
  /** Bytes that were held of the body at most. */
  readonly held: number
  readonly isResponse: boolean
}

export type Judged = { readonly result: Result; readonly replacement: Replacement | undefined }

type Members = NonNullable<CompiledProfile['dlp']>

export function judgeDlp({ engine, members, contexts }: Members, message: DlpMessage): Judged {
  const encoding = headerOf(message.headers, 'content-encoding')
  const inspection = begun({ engine, members, contexts }, message)
  if (contexts.has('body')) inspection.push('body', bufferOf(message.body.bytes))
  const verdict = inspection.finish()
  const late = members.flatMap((member) => pastLimit(member, message, verdict.partial) ?? [])
  const results = verdict.sensors.map((sensor, i) => resultOf(sensor, members[i]!, message.isResponse))
  const result = joined([...late, ...results], verdict.partial)
  const spans = verdict.sensors.flatMap(({ masks }) => masks)
  if (result.refusal !== undefined || spans.length === 0) return { result, replacement: undefined }
  const sorted = spans.toSorted((a, b) => a.offset - b.offset || a.length - b.length)
  const masked = maskBody(bufferOf(message.body.bytes), encoding, sorted, bodyCaps)
  // What can not be decoded to its end can not be masked either.
  if (!masked.ok) return { result: { ...result, refusal: 403 }, replacement: undefined }
  return { result, replacement: { masked: masked.value, decoded: isCoded(encoding) } }
}

const isCoded = (encoding: string): boolean => !/^[\s,]*(?:identity[\s,]*)*$/i.test(encoding)

/** URL and headers are in. */
function begun({ engine, contexts }: Members, { url, headers }: DlpMessage): Inspection {
  const content = {
    contentType: headerOf(headers, 'content-type'),
    contentEncoding: headerOf(headers, 'content-encoding'),
  }
  const inspection = engine.begin(content)
  if (contexts.has('url')) inspection.push('url', Buffer.from(url, 'latin1'))
  if (contexts.has('header')) inspection.push('header', Buffer.from(linesOf(headers), 'latin1'))
  return inspection
}

function linesOf(headers: readonly Header[]): string {
  let lines = ''
  for (const [name, value] of headers) lines += `${name}: ${value}\n`
  return lines
}

/** A body that can not be looked at to its end, where that is not to pass. */
function pastLimit(member: DlpMember, { body, held }: DlpMessage, partial: string | undefined): Result | undefined {
  const { denies, readsBody, body: limit, name } = member
  if (!denies || !readsBody || limit.pastLimit !== 'deny') return undefined
  const isPast = body.bytes.length > limit.inspectBytes || (!body.end && body.bytes.length >= held)
  if (!isPast && partial === undefined) return undefined
  const message = isPast ? `the body has more than ${limit.inspectBytes} bytes` : partial!
  const finding: Finding = {
    kind: 'dlp',
    sensor: name,
    rule: 'body-limit',
    severity: 'warning',
    message,
    where: 'body',
  }
  return { ...nothingFound, refusal: 413, findings: [finding], found: 1 }
}

/** A response is looked at beside the URL it answers: what is in the URL alone was told of with the request. */
function resultOf({ sensor, rules }: SensorVerdict, member: DlpMember, isResponse: boolean): Result {
  const holding = isResponse ? rules.filter(({ findings }) => findings.some(({ part }) => part !== 'url')) : rules
  if (holding.length === 0) return nothingFound
  const found = holding.flatMap(({ findings }) => findings)
  const isMasked = member.mask && found.every(({ part }) => part === 'body' || (isResponse && part === 'url'))
  return {
    ...nothingFound,
    refusal: member.denies && !isMasked ? 403 : undefined,
    findings: holding.flatMap((rule) => findingsOf(rule, sensor, isResponse)),
    found: holding.reduce((sum, rule) => sum + rule.found, 0),
  }
}

function findingsOf({ name, findings }: HoldingRule, sensor: string, isResponse: boolean): readonly Finding[] {
  const own = isResponse ? findings.filter(({ part }) => part !== 'url') : findings
  return own.slice(0, maxFindingsOfRule).map((finding) => findingOf(finding, sensor, name))
}

const findingOf = ({ detector, confidence, part, sample }: PartFinding, sensor: string, rule: string): Finding => ({
  kind: 'dlp',
  sensor,
  rule,
  severity: confidence === 'certain' ? 'critical' : 'error',
  message: detector,
  where: part,
  sample,
})

function joined(results: readonly Result[], partial: string | undefined): Result {
  return {
    refusal: results.find(({ refusal }) => refusal !== undefined)?.refusal,
    findings: results.flatMap(({ findings }) => findings),
    found: results.reduce((sum, { found }) => sum + found, 0),
    score: 0,
    partial,
  }
}
