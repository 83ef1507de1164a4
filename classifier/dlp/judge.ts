/** Which rules of a sensor hold, and by what. Pure: the same evidence, the same verdict, whichever sensors it was had for. */
import { type PatternContext, patternContexts } from '../../xds-server/policy/sensor.ts'
import type { Evidence } from './evidence.ts'
import type { Span } from './mask.ts'
import type { Finding } from './model.ts'
import { inOrder } from './report.ts'
import type { Pattern, Sensor } from './sensor.ts'

export type PartFinding = Finding & { readonly part: PatternContext }

export type HoldingRule = {
  readonly name: string
  /** What its patterns found: URL, headers, body, each by offset; the first ones of many. */
  readonly findings: readonly PartFinding[]
  /** All of them. */
  readonly found: number
}

export type SensorVerdict = {
  readonly sensor: string
  /** Those that hold, in the sensor's order. */
  readonly rules: readonly HoldingRule[]
  /** Where the body is to be overwritten: what was found in it by the rules that hold, if the sensor masks. */
  readonly masks: readonly Span[]
}

/** Of which detectors this is evidence, and how far into the body the sensor looks. */
type Scope = { readonly evidence: Evidence; readonly index: ReadonlyMap<string, number>; readonly limit: number }

export function judge(sensor: Sensor, scope: Scope): SensorVerdict {
  const holding = sensor.rules.filter(({ patterns }) => patterns.every((p) => isFound(p, scope) === p.have))
  const rules = holding.map(({ name, patterns }) => {
    const had = patterns.filter(({ have }) => have)
    return { name, findings: findingsOf(had, scope), found: countOf(had, scope) }
  })
  const had = sensor.mask ? holding.flatMap(({ patterns }) => patterns.filter(({ have }) => have)) : []
  return { sensor: sensor.name, rules, masks: masksOf(had, scope) }
}

const limitIn = (part: PatternContext, { limit }: Scope): number => (part === 'body' ? limit : Number.POSITIVE_INFINITY)

function isFound({ detector, contexts, atLeast }: Pattern, scope: Scope): boolean {
  const values = new Set<number>()
  const index = scope.index.get(detector.name)!
  for (const part of contexts) scope.evidence.tally(part, index)?.into(values, limitIn(part, scope))
  return values.size >= atLeast
}

function findingsOf(patterns: readonly Pattern[], scope: Scope): readonly PartFinding[] {
  return patternContexts.flatMap((part) => {
    const looking = patterns.filter(({ contexts }) => contexts.includes(part))
    const labels = new Map(looking.map(({ detector, label }) => [scope.index.get(detector.name), label]))
    const found = scope.evidence.kept(part).flatMap(({ index, finding }): PartFinding[] => {
      const label = labels.get(index)
      const within = finding.offset + finding.length <= limitIn(part, scope)
      return label !== undefined && within ? [{ ...finding, detector: label, part }] : []
    })
    return inOrder(found)
  })
}

/** Two patterns of one detector count its findings once. */
function countOf(patterns: readonly Pattern[], { evidence, index }: Scope): number {
  const tallies = patterns.flatMap(({ detector, contexts }) =>
    contexts.map((part) => evidence.tally(part, index.get(detector.name)!)),
  )
  return [...new Set(tallies)].reduce((sum, tally) => sum + (tally?.found ?? 0), 0)
}

function masksOf(patterns: readonly Pattern[], { evidence, index, limit }: Scope): readonly Span[] {
  const inBody = patterns.filter(({ contexts }) => contexts.includes('body'))
  const spans = evidence.spans(new Set(inBody.map(({ detector }) => index.get(detector.name)!)))
  return spans.filter(({ offset, length }) => offset + length <= limit)
}
