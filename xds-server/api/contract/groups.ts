/** Groups: what people stored about them, the learned ones, the reserved ones; their members and modes. */
import { z } from 'zod'
import type { Group } from '../../policy/model.ts'
import { parseGroup } from '../../policy/parse-group.ts'
import { groupDocument, judged, type WrittenGroup } from './documents.ts'
import { listOf, nameText, page, route } from './route.ts'
import { inspectionDocument } from './sensor-documents.ts'
import { mode, workload } from './verdict.ts'

const listedGroup = z.object({
  name: z.string(),
  kind: z.enum(['learned', 'custom', 'address', 'reserved']),
  comment: z.string(),
  /** The effective mode of a learned group; null: it has none of its own. */
  mode: mode.nullable(),
  /** Whose mode it is and why; for a group without one, why not. */
  reason: z.string(),
  /** Workloads in it. */
  members: z.number(),
  /** What is stored about it; null where nothing is. */
  stored: groupDocument.nullable(),
  /** The sensors bound to it; null where nothing is said. */
  inspection: inspectionDocument.nullable(),
})
export type ListedGroup = z.output<typeof listedGroup>

const groupName = z.strictObject({ name: nameText })
const groups = ['groups'] as const

export const groupRoutes = {
  listGroups: route({
    method: 'GET',
    path: '/groups',
    summary: 'All groups by name, learned and reserved ones included',
    query: z.strictObject({ ...page(1_000, 10_000) }),
    answer: z.object({ revision: z.number(), total: z.number(), groups: listOf(listedGroup) }),
    documents: groups,
  }),
  readGroup: route({
    method: 'GET',
    path: '/groups/:name',
    summary: 'One group with its members, sorted by namespace and name',
    params: groupName,
    query: z.strictObject({ ...page(1_000, 10_000) }),
    answer: z.object({ group: listedGroup, members: listOf(workload) }),
    documents: groups,
  }),
  putGroup: route({
    method: 'PUT',
    path: '/groups/:name',
    summary: 'A custom or address group, or what is stored about a learned one',
    params: groupName,
    body: z.strictObject({ group: judged<WrittenGroup, Group>(parseGroup, 'group') }),
    answer: z.object({ group: groupDocument }),
    documents: groups,
    writes: true,
  }),
  deleteGroup: route({
    method: 'DELETE',
    path: '/groups/:name',
    summary:
      'Without the group (refused while a rule names it or sensors are bound to it); a learned group goes back to its defaults',
    params: groupName,
    answer: z.object({ name: z.string() }),
    documents: groups,
    writes: true,
  }),
  setMode: route({
    method: 'PUT',
    path: '/groups/:name/mode',
    summary:
      'The mode of a learned group, or of every learned group that is wholly inside a custom one (null: the default)',
    params: groupName,
    body: z.strictObject({ mode: mode.nullable() }),
    answer: z.object({
      /** Learned groups that have this mode of their own now. */
      set: listOf(z.string()),
      /** Learned groups with members in the custom group that are not wholly inside it, and why. */
      left: listOf(z.object({ group: z.string(), reason: z.string() })),
      /** The cluster’s override, while which a group’s own mode has no effect. */
      overriddenBy: mode.nullable(),
    }),
    documents: groups,
    writes: true,
  }),
}
