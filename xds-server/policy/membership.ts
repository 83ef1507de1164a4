/** Which custom groups each workload is in. Replicas look the same to every criterion, so each look is judged once. */
import type { Subject } from './group.ts'
import { criterionValue, learnedGroup, membershipOf } from './group.ts'
import type { CriterionKey, CustomGroup, Group, Inventory, Workload } from './model.ts'

export type WorkloadGroups = {
  /** Learned, custom (sorted), `containers` if managed, `dns` if a DNS server, `any`. Equal lists are one object. */
  of(workload: Workload): readonly string[]
  members(group: string): readonly Workload[]
}

/** Everything about a workload that can decide its groups, as one text. */
function lookOf(subject: Subject, keys: readonly CriterionKey[], dns: boolean): string {
  const { workload } = subject
  const values = keys.map((key) => criterionValue(key, subject) ?? null)
  return JSON.stringify([learnedGroup(workload), workload.managed, dns, values])
}

type Judge = (subject: Subject, dns: boolean) => readonly string[]

function judge(custom: readonly CustomGroup[]): Judge {
  const tests = custom.map((g) => [g.name, membershipOf(g)] as const).sort(([a], [b]) => (a < b ? -1 : 1))
  const judged = new Map<string, readonly string[]>()
  const keys = [...new Set(custom.flatMap((g) => g.criteria.map((c) => c.key)))]
  return (subject, dns) => {
    const look = lookOf(subject, keys, dns)
    const known = judged.get(look)
    if (known !== undefined) return known
    const inside = tests.filter(([, test]) => test(subject)).map(([name]) => name)
    const reserved = [...(subject.workload.managed ? ['containers'] : []), ...(dns ? ['dns'] : []), 'any']
    const groups = [learnedGroup(subject.workload), ...inside, ...reserved]
    judged.set(look, groups)
    return groups
  }
}

/** A workload has no address at the moment: it is in its groups all the same. */
export function workloadGroups(
  { workloads, namespaces }: Inventory,
  groups: readonly Group[],
  isDns: (workload: Workload) => boolean,
): WorkloadGroups {
  const labels = new Map(namespaces.map((n) => [n.name, n.labels]))
  const judgeOne = judge(groups.filter((g) => g.kind === 'custom'))
  const of = (workload: Workload) =>
    judgeOne({ workload, namespaceLabels: labels.get(workload.namespace) ?? {} }, isDns(workload))
  const members = new Map<string, Workload[]>()
  for (const workload of workloads) {
    for (const group of of(workload)) {
      const list = members.get(group)
      if (list) list.push(workload)
      else members.set(group, [workload])
    }
  }
  return { of, members: (group) => members.get(group) ?? [] }
}
