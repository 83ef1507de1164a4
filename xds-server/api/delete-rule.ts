/** Deleting a rule, and, for a learned one, saying that its conversations are never to be learned again. */
import { removeRule } from '../policy/edit.ts'
import type { IgnoredFlow, Rule } from '../policy/model.ts'
import type { AnyWrite } from '../store/model.ts'
import type { Call } from './handler.ts'
import { accepted, invalid, notFound } from './problem.ts'
import { refuseStale, saveAll } from './save.ts'

type Saving = Pick<Call<never>, 'backend' | 'base' | 'author'>

/** Both documents in one write, so that the learner never sees the one without the other. Answers the rule. */
export function deleteRule({ backend, base, author }: Saving, id: string, ignore: boolean): Rule {
  const { store } = backend
  refuseStale(store, 'rules', base)
  const rules = store.read('rules')
  const rule = rules.value.find((r) => r.id === id)
  if (rule === undefined) throw notFound(`rule ${id}`)
  const by = { author, summary: ignore ? `delete rule ${id} and ignore what it allowed` : `delete rule ${id}` }
  const value = accepted(removeRule(rules.value, id))
  const without = { document: 'rules' as const, value, base: rules.revision, ...by }
  saveAll(store, ignore ? [without, ignoring(rule, store.read('ignored'), by)] : [without])
  return rule
}

function ignoring(
  rule: Rule,
  { revision, value }: { readonly revision: number; readonly value: readonly IgnoredFlow[] },
  by: { readonly author: string; readonly summary: string },
): AnyWrite {
  if (rule.origin !== 'learned') throw invalid('query.ignore', `${rule.id} is no learned rule`)
  const flows = rule.applications.map((application) => ({ from: rule.from, to: rule.to, application }))
  const fresh = flows.filter((flow) => !value.some((known) => isSame(known, flow)))
  return { document: 'ignored', value: [...value, ...fresh], base: revision, ...by }
}

const isSame = (a: IgnoredFlow, b: IgnoredFlow): boolean =>
  a.from === b.from && a.to === b.to && a.application === b.application
