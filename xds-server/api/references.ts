/** The parts of the policy name each other: none may be written so that something names what is not there. */
import type { Policy, Problem, Rule } from '../policy/model.ts'
import { inspectionProblems } from '../policy/parse-inspection.ts'
import { policyProblems } from '../policy/parse-policy.ts'
import type { Inspection } from '../policy/sensor.ts'
import type { Store } from '../store/model.ts'
import { storedPolicy } from '../store/policy.ts'
import { ApiError, countOf } from './problem.ts'

/** Throws `invalid` where the policy, with these parts in place of the stored ones, would not fit together. */
export function requireFitting(store: Store, parts: Partial<Policy>): void {
  const policy = { ...storedPolicy(store), ...parts }
  const touches = (names: readonly (keyof Policy)[]) => names.some((name) => name in parts)
  refuse([
    ...(touches(['groups', 'rules']) ? policyProblems(policy) : []),
    ...(touches(['groups', 'wafSensors', 'dlpSensors', 'inspections']) ? inspectionProblems(policy) : []),
  ])
}

/** For one rule; `path` is its place in the body. */
export function requireGroupsOf(store: Store, rule: Rule, path: string): void {
  const problems = policyProblems({ groups: store.read('groups').value, rules: [rule] })
  refuse(problems.map((p) => ({ ...p, path: p.path.replace(/^rules\[0\]\.?/, path === '' ? '' : `${path}.`) })))
}

/** For one group's bindings; `path` is their place in the body. */
export function requireSensorsOf(store: Store, inspection: Inspection, path: string): void {
  const problems = inspectionProblems({ ...storedPolicy(store), inspections: [inspection] })
  refuse(problems.map((p) => ({ ...p, path: p.path.replace(/^inspections\[0\]/, path) })))
}

/** Throws `invalid` with every problem, where there is one. */
export function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ApiError('invalid', countOf(problems), { problems })
}
