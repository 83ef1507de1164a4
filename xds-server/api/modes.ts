/**
 * Setting modes. A custom group has none of its own: the mode goes to each learned group that is wholly inside it, and
 * those that are only partly in it are named and left alone, because a mode is the whole group's.
 */
import type { Directory } from '../policy/directory.ts'
import { learnedGroup } from '../policy/group.ts'
import type { Group, Mode } from '../policy/model.ts'
import type { GroupView } from './groups.ts'
import { invalid } from './problem.ts'

export type ModePlan = {
  /** Learned groups that get the mode, by name. */
  readonly set: readonly string[]
  /** Learned groups that keep theirs, and why. */
  readonly left: readonly { readonly group: string; readonly reason: string }[]
}

/** Throws `invalid` for groups that can have no mode. */
export function planMode(group: GroupView, directory: Directory): ModePlan {
  if (group.kind === 'learned') return { set: [group.name], left: [] }
  if (group.kind !== 'custom') throw invalid('params.name', `${group.name}: ${group.reason}`)
  const inside = Map.groupBy(directory.members(group.name), learnedGroup)
  const parts = [...inside].map(([name, workloads]) => ({
    name,
    in: workloads.length,
    of: directory.members(name).length,
  }))
  parts.sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    set: parts.filter((p) => p.in === p.of).map((p) => p.name),
    left: parts.filter((p) => p.in < p.of).map((p) => ({ group: p.name, reason: partly(p, group.name) })),
  }
}

const partly = (part: { readonly in: number; readonly of: number }, group: string): string =>
  `${part.in} of its ${part.of} workloads are in ${group}`

/** The groups document with this mode on these learned groups; null is the default of their namespace. */
export function storeMode(groups: readonly Group[], names: readonly string[], mode: Mode | null): readonly Group[] {
  const wanted = new Set(names)
  const had = groups.filter((g) => wanted.has(g.name)).map((g) => (g.kind === 'learned' ? { ...g, mode } : g))
  const missing = names.filter((name) => !had.some((g) => g.name === name))
  const added = mode === null ? [] : missing.map((name) => ({ kind: 'learned' as const, name, comment: '', mode }))
  const kept = [...groups.filter((g) => !wanted.has(g.name)), ...had.filter(saysSomething), ...added]
  return kept.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A learned group that nothing is stored about needs no entry. */
const saysSomething = (group: Group): boolean => group.kind !== 'learned' || group.mode !== null || group.comment !== ''
