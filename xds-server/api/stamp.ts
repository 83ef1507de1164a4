/** Times of rules: set by whoever saves, because parsers have no clock. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { Rule } from '../policy/model.ts'
import { unknownTime } from '../policy/parse-rule.ts'

/**
 * A rule that was there keeps when it was made, and when it was changed unless it is changed now; a new one has the
 * times it says (an import from elsewhere), else now (ISO 8601, UTC).
 */
export function stamped(rules: readonly Rule[], before: readonly Rule[], now: string): readonly Rule[] {
  const old = new Map(before.map((rule) => [rule.id, rule]))
  return rules.map((rule) => stamp(rule, old.get(rule.id), now))
}

function stamp(rule: Rule, before: Rule | undefined, now: string): Rule {
  if (before === undefined)
    return { ...rule, createdAt: known(rule.createdAt, now), updatedAt: known(rule.updatedAt, now) }
  const { createdAt, updatedAt } = before
  const same = isDeepStrictEqual({ ...rule, createdAt, updatedAt }, before)
  return { ...rule, createdAt, updatedAt: same ? updatedAt : now }
}

const known = (time: string, now: string): string => (time === unknownTime ? now : time)
