/** Every group there is, stored or not: learned ones of all owners, custom, address and reserved ones. Pure. */
import type { Directory } from '../policy/directory.ts'
import { learnedGroup } from '../policy/group.ts'
import { type Group, type Mode, reservedGroups } from '../policy/model.ts'
import type { Inspection } from '../policy/sensor.ts'
import type { Store } from '../store/model.ts'

type GroupKind = Group['kind'] | 'reserved'

export type GroupView = {
  readonly name: string
  readonly kind: GroupKind
  readonly comment: string
  readonly mode: Mode | null
  readonly reason: string
  readonly members: number
  readonly stored: Group | null
  readonly inspection: Inspection | null
}

/** Why a group of this kind has no mode of its own. */
const modeless: Readonly<Record<Exclude<GroupKind, 'learned'>, string>> = {
  custom: 'its members keep the modes of their learned groups',
  address: 'addresses have no sidecar and so no mode',
  reserved: 'a reserved group has no mode',
}

const meanings: Readonly<Record<(typeof reservedGroups)[number], string>> = {
  any: 'everything',
  containers: 'every workload with a sidecar',
  dns: 'the cluster’s DNS servers',
  external: 'no workload, no node, not in the pod network, no DNS server',
  nodes: 'the nodes’ addresses',
  unknown: 'in the pod network, and no workload we know',
}

/** By name. */
export function allGroups(store: Store, directory: Directory): readonly GroupView[] {
  const stored = store.read('groups').value.map((g) => g.name)
  const learned = directory.world.inventory.workloads.map(learnedGroup)
  return groupsNamed([...reservedGroups, ...stored, ...learned], store, directory)
}

/** Each once, by name; a name that nothing is known of is a learned group whose workloads are gone. */
export function groupsNamed(names: Iterable<string>, store: Store, directory: Directory): readonly GroupView[] {
  const stored = new Map(store.read('groups').value.map((g) => [g.name, g]))
  const inspections = new Map(store.read('inspections').value.map((i) => [i.group, i]))
  return [...new Set(names)].sort().map((name) => {
    return { ...view(name, stored.get(name) ?? null, directory), inspection: inspections.get(name) ?? null }
  })
}

/** Undefined: no such group. A learned group without a workload exists only where something is stored about it. */
export function findGroup(name: string, store: Store, directory: Directory): GroupView | undefined {
  const own = store.read('groups').value.some((g) => g.name === name)
  const known = own || isReserved(name) || directory.members(name).length > 0
  return known ? groupsNamed([name], store, directory)[0] : undefined
}

const isReserved = (name: string): name is (typeof reservedGroups)[number] =>
  reservedGroups.some((reserved) => reserved === name)

function view(name: string, stored: Group | null, directory: Directory): Omit<GroupView, 'inspection'> {
  const kind = isReserved(name) ? 'reserved' : (stored?.kind ?? 'learned')
  const comment = isReserved(name) ? meanings[name] : (stored?.comment ?? '')
  const members = directory.members(name).length
  if (kind !== 'learned') return { name, kind, comment, mode: null, reason: modeless[kind], members, stored }
  return { name, kind, comment, ...directory.modeOf(name), members, stored }
}
