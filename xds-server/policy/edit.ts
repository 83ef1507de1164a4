/**
 * Changes to the ordered list of rules. Each gives the whole new list or says what is wrong; the list given is never
 * altered. Federated rules stay first, in all of them.
 */
import type { Parsed, Problem, Rule } from './model.ts'
import { maxRules } from './parse-rule.ts'

type Rules = readonly Rule[]

/** Where a rule goes. `top` and `end` are those of its kind: a local rule's top is below the federated ones. */
export type Position = 'top' | 'end' | { readonly below: string } | { readonly above: string }

const fail = (path: string, message: string): { readonly ok: false; readonly problems: readonly Problem[] } => ({
  ok: false,
  problems: [{ path, message }],
})
const missing = (id: string, path = 'id') => fail(path, `there is no rule \`${id}\``)
const isFederated = (rule: Rule): boolean => rule.origin === 'federated'

/** Where the list without the rule is cut open to take it. */
function cut(rules: Rules, rule: Rule, position: Position): Parsed<number> {
  const federated = rules.filter(isFederated).length
  if (position === 'top') return { ok: true, value: isFederated(rule) ? 0 : federated }
  if (position === 'end') return { ok: true, value: isFederated(rule) ? federated : rules.length }
  const [id, after] = 'below' in position ? [position.below, 1] : [position.above, 0]
  const beside = rules.findIndex((r) => r.id === id)
  return beside < 0 ? missing(id, 'position') : { ok: true, value: beside + after }
}

function put(rules: Rules, rule: Rule, position: Position): Parsed<Rules> {
  const at = cut(rules, rule, position)
  if (!at.ok) return at
  const federated = rules.filter(isFederated).length
  const misplaced = isFederated(rule) ? at.value > federated : at.value < federated
  if (misplaced) return fail('position', 'federated rules stand above all others')
  return { ok: true, value: rules.toSpliced(at.value, 0, rule) }
}

export function insertRule(rules: Rules, rule: Rule, position: Position): Parsed<Rules> {
  if (rules.some((r) => r.id === rule.id)) return fail('id', `there is a rule \`${rule.id}\` already`)
  if (rules.length >= maxRules) return fail('', `there are ${maxRules} rules already`)
  return put(rules, rule, position)
}

/** Beside itself it stays where it is. */
export function moveRule(rules: Rules, id: string, position: Position): Parsed<Rules> {
  const rule = rules.find((r) => r.id === id)
  if (rule === undefined) return missing(id)
  if (typeof position === 'object' && Object.values(position).includes(id)) return { ok: true, value: rules }
  const others = rules.filter((r) => r !== rule)
  return put(others, rule, position)
}

export function removeRule(rules: Rules, id: string): Parsed<Rules> {
  const rest = rules.filter((r) => r.id !== id)
  return rest.length === rules.length ? missing(id) : { ok: true, value: rest }
}

/** Another rule under the same id, in the same place. */
export function replaceRule(rules: Rules, rule: Rule): Parsed<Rules> {
  const before = rules.find((r) => r.id === rule.id)
  if (before === undefined) return missing(rule.id)
  if (isFederated(before) !== isFederated(rule)) return fail('origin', 'a rule can not become or cease to be federated')
  return { ok: true, value: rules.map((r) => (r.id === rule.id ? rule : r)) }
}
