/** Rules as the list shows them: with what they did and what is wrong with them. Pure. */
import type { CompileStatus } from '../compile/model.ts'
import { defaultRuleId, type Rule } from '../policy/model.ts'
import type { Backend, ProxyStatus, RuleHits } from './backend.ts'
import { type SavedRule, savedRule } from './saved-rule.ts'

type RuleStatus = { readonly kind: 'rejected' | 'compile'; readonly class: string; readonly message: string }
export type Counters = { readonly hits: number; readonly lastHit: string | null }
export type RuleView = Counters & {
  readonly place: number
  readonly rule: SavedRule
  readonly status: readonly RuleStatus[]
}

/** Answers for each rule at its place; reads what the sidecars said once for all of them. */
export function ruleViews(backend: Backend): (rule: Rule, place: number) => RuleView {
  const hits = backend.hits()
  const status = statusByRule(backend.compileStatus(), backend.proxies())
  return (rule, place) => ({
    place,
    rule: savedRule(rule),
    ...counters(hits.get(rule.id)),
    status: status.get(rule.id) ?? [],
  })
}

/** Of what no rule matched. */
export const defaultCounters = (backend: Backend): Counters => counters(backend.hits().get(defaultRuleId))

function counters(hits: RuleHits | undefined): Counters {
  if (hits === undefined) return { hits: 0, lastHit: null }
  return { hits: hits.hits, lastHit: new Date(hits.lastHit).toISOString() }
}

/** Replicas of a class refuse the same resource in the same words: told once. */
function statusByRule(
  compiled: readonly CompileStatus[],
  proxies: readonly ProxyStatus[],
): ReadonlyMap<string, readonly RuleStatus[]> {
  const byRule = new Map<string, Map<string, RuleStatus>>()
  const note = (rule: string, status: RuleStatus) => {
    const known = byRule.get(rule) ?? new Map<string, RuleStatus>()
    byRule.set(rule, known.set(JSON.stringify(status), status))
  }
  for (const { rule, class: name, message } of compiled) {
    if (rule !== undefined) note(rule, { kind: 'compile', class: name, message })
  }
  for (const proxy of proxies) {
    for (const { rules, message } of proxy.rejected) {
      for (const rule of rules) note(rule, { kind: 'rejected', class: proxy.class, message })
    }
  }
  return new Map([...byRule].map(([rule, statuses]) => [rule, [...statuses.values()]]))
}
