/** Which workloads share a configuration, and the rules that concern them. */
import type { Directory } from '../policy/directory.ts'
import { learnedGroup } from '../policy/group.ts'
import type { Rule, Workload } from '../policy/model.ts'
import { className } from './names.ts'
import { tcpRanges } from './ports.ts'
import type { WorkloadClass } from './scope.ts'

export type Classes = {
  /** By key, sorted. */
  readonly classes: readonly WorkloadClass[]
  /** Managed workload id → class key. */
  readonly classOf: ReadonlyMap<string, string>
}

const reserved = new Set(['any', 'containers', 'dns', 'external', 'nodes', 'unknown'])

function classFor(workload: Workload, groups: readonly string[]): WorkloadClass {
  const learned = learnedGroup(workload)
  const others = groups.filter((group) => group !== learned && (group === 'dns' || !reserved.has(group)))
  const self = { kind: 'workload', ip: workload.ips[0] ?? '', workload, groups } as const
  return { key: className(learned, others), learned, groups, self }
}

const known = new WeakMap<Directory['groupsOf'], Classes>()

/** The same workloads in the same groups are the same classes: one object. */
export function classesOf(directory: Directory): Classes {
  const made = known.get(directory.groupsOf) ?? makeClasses(directory)
  known.set(directory.groupsOf, made)
  return made
}

/** Replicas share their list of groups, so each list is looked at once. */
function makeClasses(directory: Directory): Classes {
  const byGroups = new Map<readonly string[], WorkloadClass>()
  const classOf = new Map<string, string>()
  const workloads = directory.world.inventory.workloads.filter((workload) => workload.managed)
  for (const workload of workloads) {
    const groups = directory.groupsOf(workload)
    const one = byGroups.get(groups) ?? classFor(workload, groups)
    byGroups.set(groups, one)
    classOf.set(workload.id, one.key)
  }
  const distinct = new Map([...byGroups.values()].map((one) => [one.key, one]))
  return { classes: [...distinct.values()].sort((a, b) => (a.key < b.key ? -1 : 1)), classOf }
}

export type RulesByGroup = {
  /** In order: enabled rules about TCP that name one of these groups at this end. */
  naming(end: 'from' | 'to', groups: readonly string[]): readonly Rule[]
}

const aboutTcp = ({ disabled, ports }: Rule): boolean =>
  !disabled && (ports.length === 0 || tcpRanges(ports).length > 0)

function placesBy(rules: readonly Rule[], end: 'from' | 'to'): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>()
  for (const [place, rule] of rules.entries()) {
    if (!aboutTcp(rule)) continue
    const list = places.get(rule[end])
    if (list) list.push(place)
    else places.set(rule[end], [place])
  }
  return places
}

export function rulesByGroup(rules: readonly Rule[]): RulesByGroup {
  const index = { from: placesBy(rules, 'from'), to: placesBy(rules, 'to') }
  return {
    naming: (end, groups) =>
      groups
        .flatMap((group) => index[end].get(group) ?? [])
        .sort((a, b) => a - b)
        .map((place) => rules[place]!),
  }
}
