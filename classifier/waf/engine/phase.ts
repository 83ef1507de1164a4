/** One phase of one transaction: its rules in order, those that can not match passed over. */
import type { Phase, Rule, RuleSet } from '../seclang/model.ts'
import { fill, type Lookup } from '../seclang/template.ts'
import type { Candidates } from './candidates.ts'
import { ruleMatches } from './chain.ts'
import type { Blocked } from './model.ts'
import type { Transaction } from './transaction.ts'

export type Run = {
  readonly t: Transaction
  readonly ruleSet: RuleSet
  readonly lookup: Lookup
  readonly candidates: Candidates | undefined
}

/** How rules ended it: the whole transaction, or what is left of the request, or of the phase. */
export type Ended =
  | { readonly kind: 'blocked'; readonly by: Blocked }
  | { readonly kind: 'allow' | 'allowRequest' | 'allowPhase' }

export function runPhase({ t, ruleSet, lookup, candidates }: Run, phase: Phase): Ended | undefined {
  const rules = ruleSet.phases[phase]
  let may = candidates?.of(t, phase)
  let generation = t.generation
  for (let at = 0; at < rules.length; ) {
    if (generation !== t.generation) {
      // a ctl has changed what there is to see
      may = candidates?.of(t, phase)
      generation = t.generation
    }
    if (may && may[at] === 0) {
      at += 1
      continue
    }
    const rule = rules[at]!
    at += 1
    if (t.engine === 'Off') return undefined
    if (t.removedRules.has(rule.index) || !ruleMatches(t, rule, lookup)) continue
    if (rule.log) note(t, rule, lookup)
    at = rule.next
    const ended = t.engine === 'On' && phase !== 5 ? disrupted(rule) : undefined
    if (ended) return ended
  }
  return undefined
}

function disrupted({ disruption, id, phase, status }: Rule): Ended | undefined {
  if (disruption === 'pass') return undefined
  if (disruption === 'deny' || disruption === 'drop') return { kind: 'blocked', by: { id, phase, status } }
  return { kind: disruption }
}

function note(t: Transaction, rule: Rule, lookup: Lookup): void {
  const { id, phase, severity, tags } = rule
  const message = fill(rule.message, lookup)
  t.matches.push({ id, phase, severity, message, data: fill(rule.data, lookup), variable: t.matched.name, tags })
}
