/** Does a rule match? Every value of every link is tried, in order, because each match has effects. */
import type { Match } from '../operators/operator.ts'
import type { Link, Rule } from '../seclang/model.ts'
import type { Lookup } from '../seclang/template.ts'
import { applyEffects } from './effects.ts'
import { select } from './select.ts'
import type { Transaction } from './transaction.ts'
import { stagesOf, Value } from './value.ts'

export function ruleMatches(t: Transaction, rule: Rule, lookup: Lookup): boolean {
  if (t.chainMatches.length > 0) t.chainMatches = []
  return rule.links.every((link) => linkMatches(t, rule, link, lookup))
}

function linkMatches(t: Transaction, rule: Rule, link: Link, lookup: Lookup): boolean {
  let any = false
  for (const value of select(t, rule, link.targets)) {
    if (link.multiMatch) {
      for (const text of stagesOf(value, link.transformation)) any = tryText(t, link, value, text, lookup) || any
    } else any = tryText(t, link, value, value.transformed(link.transformation), lookup) || any
  }
  return any
}

function tryText(t: Transaction, link: Link, value: Value, text: string, lookup: Lookup): boolean {
  const match = link.operator(text, { expand: lookup })
  if (link.negated ? match !== undefined : match === undefined) return false
  matched(t, link, { value, text, match }, lookup)
  return true
}

type Found = { readonly value: Value; readonly text: string; readonly match: Match | undefined }

function matched(t: Transaction, link: Link, { value, text, match }: Found, lookup: Lookup): void {
  if (link.capture && match) t.capture(match)
  t.matched = { name: value.name, text }
  t.chainMatches.push(new Value(value.collection, value.key, text))
  applyEffects(t, link, lookup)
}
