/** TEMPORARY until policy/edit.ts is there. */
import type { Parsed, Rule } from '../policy/model.ts'

export type Position = 'top' | 'end' | { readonly below: string } | { readonly above: string }

const refuse = (path: string, message: string): Parsed<never> => ({ ok: false, problems: [{ path, message }] })

export function insertRule(rules: readonly Rule[], rule: Rule, position: Position): Parsed<readonly Rule[]> {
  if (rules.some((r) => r.id === rule.id)) return refuse('rule.id', `\`${rule.id}\` is there already`)
  if (position === 'top') return { ok: true, value: [rule, ...rules] }
  if (position === 'end') return { ok: true, value: [...rules, rule] }
  const id = 'below' in position ? position.below : position.above
  const at = rules.findIndex((r) => r.id === id)
  if (at < 0) return refuse('position', `there is no rule \`${id}\``)
  return { ok: true, value: rules.toSpliced('below' in position ? at + 1 : at, 0, rule) }
}

export function moveRule(rules: readonly Rule[], id: string, position: Position): Parsed<readonly Rule[]> {
  const rule = rules.find((r) => r.id === id)!
  return insertRule(
    rules.filter((r) => r !== rule),
    rule,
    position,
  )
}
