/** What a list of rules must be that no single rule shows: ids are unique, federated rules stand first. */
import type { Problem, Rule } from './model.ts'

/** Order and identity: what no single rule shows. `path` is that of the list. */
export function listProblems(rules: readonly Rule[], path: string): readonly Problem[] {
  const first = new Map<string, number>()
  const firstLocal = rules.findIndex((r) => r.origin !== 'federated')
  return rules.flatMap(({ id, origin }, i): Problem[] => {
    const earlier = first.get(id)
    first.set(id, earlier ?? i)
    const late = origin === 'federated' && firstLocal >= 0 && i > firstLocal
    return [
      ...(earlier === undefined
        ? []
        : [{ path: `${path}[${i}].id`, message: `\`${id}\` is the id of ${path}[${earlier}], too` }]),
      ...(late ? [{ path: `${path}[${i}]`, message: 'is federated, but stands below a local rule' }] : []),
    ]
  })
}

/** Rules without an id of their own that say the same are told apart by their number. */
export function distinctIds(rules: readonly Rule[], given: ReadonlySet<string>): readonly Rule[] {
  const taken = new Set(given)
  return rules.map((rule) => {
    if (given.has(rule.id)) return rule
    let id = rule.id
    for (let n = 2; taken.has(id); n++) id = `${rule.id}-${n}`
    taken.add(id)
    return { ...rule, id }
  })
}
