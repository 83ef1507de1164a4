/** NeuVector-shaped WAF rules: up to 16 patterns, all of which must hold, over URL, headers and body of a request. */
import type { Problem } from '../../xds-server/policy/model.ts'
import type { PatternContext, SensorPattern, SensorRule } from '../../xds-server/policy/sensor.ts'
import { RegexError } from '../waf/rx/error.ts'
import type { Search } from '../waf/rx/look-around.ts'
import type { Subjects } from './message.ts'
import { searchFor } from './search.ts'

export type WafRulePattern = {
  readonly have: boolean
  readonly contexts: readonly PatternContext[]
  readonly atLeast: number
  readonly search: Search
}
export type WafRule = { readonly name: string; readonly patterns: readonly WafRulePattern[] }

/** Rules that can not be compiled are left out: their problems say why. */
export function compileWafRules(rules: readonly SensorRule[], problems: Problem[]): readonly WafRule[] {
  return rules.map((rule, i) => {
    const patterns = rule.patterns.flatMap((pattern, k) =>
      compilePattern(pattern, `rules[${i}].patterns[${k}]`, problems),
    )
    if (!rule.patterns.some(({ have }) => have))
      problems.push({
        path: `rules[${i}].patterns`,
        message: 'at least one must be had: without, every request matches',
      })
    return { name: rule.name, patterns }
  })
}

function compilePattern(pattern: SensorPattern, path: string, problems: Problem[]): readonly WafRulePattern[] {
  if (pattern.kind !== 'regex' && pattern.kind !== 'words') {
    problems.push({
      path,
      message: `only DLP sensors look for ${pattern.kind === 'exact' ? 'exact data' : 'detectors'}`,
    })
    return []
  }
  try {
    const { have, contexts, atLeast } = pattern
    return [{ have, contexts, atLeast, search: searchFor(pattern) }]
  } catch (error) {
    if (!(error instanceof RegexError) && !(error instanceof RangeError)) throw error
    problems.push({ path: `${path}.${pattern.kind === 'regex' ? 'regex' : 'words'}`, message: error.message })
    return []
  }
}

/** Where a pattern was found, and the first text that it found there. */
export type Place = { readonly context: PatternContext; readonly text: string }

/** Undefined: not found, or fewer different values than it asks for. */
export function placeOf({ contexts, atLeast, search }: WafRulePattern, subjects: Subjects): Place | undefined {
  const values = new Set<string>()
  let first: Place | undefined
  for (const context of contexts) {
    for (const subject of subjects[context]) {
      for (let from = 0; values.size < atLeast; ) {
        const match = search(subject, from)
        if (!match) break
        const text = subject.slice(match.start, match.end)
        first ??= { context, text }
        values.add(text)
        from = Math.max(match.end, match.start + 1)
      }
      if (values.size >= atLeast) return first
    }
  }
  return undefined
}

/** The place of the first pattern that is had; undefined: the rule does not hold. */
export function whereHolds({ patterns }: WafRule, subjects: Subjects): Place | undefined {
  let first: Place | undefined
  for (const pattern of patterns) {
    const place = placeOf(pattern, subjects)
    if ((place !== undefined) !== pattern.have) return undefined
    first ??= place
  }
  return first
}
