/** Rules name groups: neither may be written so that a rule names a group that is not there. Pure. */
import type { Group, Problem, Rule } from '../policy/model.ts'
import { policyProblems } from '../policy/parse-policy.ts'
import { ApiError, countOf } from './problem.ts'

/** Throws `invalid` where they do not fit; `path` is that of the rule list. */
export function requireGroups(groups: readonly Group[], rules: readonly Rule[], path = 'rules'): void {
  refuse(policyProblems({ groups, rules }, path))
}

/** For one rule; `path` is its place in the body. */
export function requireGroupsOf(groups: readonly Group[], rule: Rule, path: string): void {
  const problems = policyProblems({ groups, rules: [rule] })
  refuse(problems.map((p) => ({ ...p, path: p.path.replace(/^rules\[0\]\.?/, path === '' ? '' : `${path}.`) })))
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ApiError('invalid', countOf(problems), { problems })
}
