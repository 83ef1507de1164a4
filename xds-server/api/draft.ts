/** A policy draft: parts that are left out stay as they are, and the whole is judged before anything is done with it. */
import type { Policy } from '../policy/model.ts'
import { parsePolicy, policyToDocument } from '../policy/parse-policy.ts'
import { storedPolicy } from '../store/policy.ts'
import type { Backend } from './backend.ts'
import { accepted } from './problem.ts'
import { stamped } from './stamp.ts'

/** The whole policy with the draft's parts in it; throws every problem there is. */
export function draftPolicy(draft: Readonly<Record<string, unknown>>, { store, now }: Backend): Policy {
  const current = storedPolicy(store)
  const policy = accepted(parsePolicy({ ...policyToDocument(current), ...draft }))
  return { ...policy, rules: stamped(policy.rules, current.rules, new Date(now()).toISOString()) }
}
