/** Which custom groups each workload is in. Replicas look the same to every criterion, so each look is judged once. */
import type { Subject } from './group.ts'
import { criterionValue, learnedGroup, membershipOf } from './group.ts'
import type { CriterionKey, CustomGroup, Group, Inventory, Workload } from './model.ts'

export type WorkloadGroups = {
  /** Learned, custom (sorted), `containers` if managed, `dns` if a DNS server, `any`. */
  of(workload: Workload): readonly string[]
  members(group: string): readonly Workload[]
}

type Judge = (subject: Subject) => readonly string[]

/** The custom groups a workload is in, sorted. Workloads that look the same to every criterion are judged once. */
function judgeOf(custom: readonly CustomGroup[]): Judge {
  const tests = custom.map((g) => [g.name, membershipOf(g)] as const).sort(([a], [b]) => (a < b ? -1 : 1))
  const keys: readonly CriterionKey[] = [...new Set(custom.flatMap((g) => g.criteria.map((c) => c.key)))]
  return remembered(
    (subject) => JSON.stringify(keys.map((key) => criterionValue(key, subject) ?? null)),
    (subject) => tests.filter(([, test]) => test(subject)).map(([name]) => name),
  )
}

function remembered<A, T>(keyOf: (input: A) => string, make: (input: A) => T): (input: A) => T {
  const made = new Map<string, T>()
  return (input) => {
    const key = keyOf(input)
    const known = made.get(key)
    if (known !== undefined) return known
    const now = make(input)
    made.set(key, now)
    return now
  }
}

function membersOf(groups: ReadonlyMap<Workload, readonly string[]>): ReadonlyMap<string, readonly Workload[]> {
  const members = new Map<string, Workload[]>()
  for (const [workload, names] of groups) {
    for (const name of names) {
      const list = members.get(name)
      if (list) list.push(workload)
      else members.set(name, [workload])
    }
  }
  return members
}

/** A workload without an address is in its groups all the same. */
export function workloadGroups(
  { workloads, namespaces }: Inventory,
  groups: readonly Group[],
  isDns: (workload: Workload) => boolean,
): WorkloadGroups {
  const labels = new Map(namespaces.map((n) => [n.name, n.labels]))
  const customOf = judgeOf(groups.filter((g) => g.kind === 'custom'))
  const judged = (workload: Workload): readonly string[] => [
    learnedGroup(workload),
    ...customOf({ workload, namespaceLabels: labels.get(workload.namespace) ?? {} }),
    ...(workload.managed ? ['containers'] : []),
    ...(isDns(workload) ? ['dns'] : []),
    'any',
  ]
  const known = new Map(workloads.map((workload) => [workload, judged(workload)]))
  const members = membersOf(known)
  return { of: (workload) => known.get(workload) ?? judged(workload), members: (group) => members.get(group) ?? [] }
}
