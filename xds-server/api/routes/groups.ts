/** Groups: what is stored about them is written, what they contain is read from the directory. */
import type { Group, Mode, Workload } from '../../policy/model.ts'
import type { Backend } from '../backend.ts'
import type { groupRoutes } from '../contract/groups.ts'
import { allGroups, findGroup, type GroupView } from '../groups.ts'
import type { Call, HandlersOf } from '../handler.ts'
import { planMode, storeMode } from '../modes.ts'
import { invalid, notFound } from '../problem.ts'
import { requireFitting } from '../references.ts'
import { save } from '../save.ts'

export const groupHandlers: HandlersOf<typeof groupRoutes> = {
  listGroups: ({ query, backend }) => {
    const { revision } = backend.store.read('groups')
    const all = allGroups(backend.store, backend.directory())
    return { revision, total: all.length, groups: all.slice(query.offset, query.offset + query.limit) }
  },
  readGroup: ({ params, query, backend }) => {
    const group = groupCalled(params.name, backend)
    const members = [...backend.directory().members(params.name)].sort(byName)
    return { group, members: members.slice(query.offset, query.offset + query.limit) }
  },
  putGroup: (call) => {
    const { name } = call.params
    const { group } = call.body
    if (group.name !== name) throw invalid('group.name', `is ${group.name}, and the address says ${name}`)
    const change = (groups: readonly Group[]) => fitting(call, [...groups.filter((g) => g.name !== name), group])
    save({ ...call, document: 'groups', summary: `group ${name}`, change })
    return { group }
  },
  deleteGroup: (call) => {
    const { name } = call.params
    const change = (groups: readonly Group[]) => fitting(call, without(groups, name))
    save({ ...call, document: 'groups', summary: `without group ${name}`, change })
    return { name }
  },
  setMode: (call) => {
    const { name } = call.params
    const { mode } = call.body
    const plan = planMode(groupCalled(name, call.backend), call.backend.directory())
    const change = (groups: readonly Group[]) => storeMode(groups, plan.set, mode)
    save({ ...call, document: 'groups', summary: modeSummary(name, mode), change })
    return { ...plan, overriddenBy: call.backend.store.read('settings').value.mode }
  },
}

const byName = (a: Workload, b: Workload): number => compare(a.namespace, b.namespace) || compare(a.name, b.name)
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const modeSummary = (name: string, mode: Mode | null): string => `mode of ${name}: ${mode ?? 'default'}`

function groupCalled(name: string, backend: Backend): GroupView {
  const found = findGroup(name, backend.store, backend.directory())
  if (found === undefined) throw notFound(`group ${name}`)
  return found
}

/** By name, so that equal groups are equal documents; refused where a rule or a binding names one that is not there. */
function fitting(call: Pick<Call<never>, 'backend'>, groups: readonly Group[]): readonly Group[] {
  requireFitting(call.backend.store, { groups })
  return [...groups].sort((a, b) => compare(a.name, b.name))
}

function without(groups: readonly Group[], name: string): readonly Group[] {
  const rest = groups.filter((g) => g.name !== name)
  if (rest.length === groups.length) throw notFound(`stored group ${name}`)
  return rest
}
