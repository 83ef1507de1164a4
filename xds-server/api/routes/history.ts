/** Earlier revisions. */
import type { Group, Rule } from '../../policy/model.ts'
import type { RevisionInfo } from '../../store/model.ts'
import type { Backend } from '../backend.ts'
import type { historyRoutes } from '../contract/history.ts'
import type { HandlersOf } from '../handler.ts'
import { notFound } from '../problem.ts'
import { requireGroups } from '../references.ts'
import { changesBetween, save } from '../save.ts'
import { savedRule } from '../saved-rule.ts'

export const historyHandlers: HandlersOf<typeof historyRoutes> = {
  listRevisions: ({ params, query, backend }) => ({
    revisions: backend.store.history(params.document, query.limit),
  }),
  readRevision: ({ params, backend }) => {
    const { document, revision } = params
    const value = revisionOf(backend, document, revision)
    const changes = changesBetween(document, value, backend.store.read(document).value)
    return {
      document,
      revision,
      value: document === 'rules' ? (value as readonly Rule[]).map(savedRule) : value,
      changes,
    }
  },
  restoreRevision: (call) => {
    const { document, revision } = call.params
    const { store } = call.backend
    const old = revisionOf(call.backend, document, revision)
    if (document === 'rules') requireGroups(store.read('groups').value, old as readonly Rule[])
    if (document === 'groups') requireGroups(old as readonly Group[], store.read('rules').value)
    const before = store.read(document).value
    save({ ...call, document, summary: `restore revision ${revision}`, change: () => old })
    return { revision: store.read(document).revision, changes: changesBetween(document, before, old) }
  },
}

function revisionOf(backend: Backend, document: RevisionInfo['document'], revision: number) {
  const value = backend.store.at(document, revision)
  if (value === undefined) throw notFound(`revision ${revision} of ${document} (it may be too old to be kept)`)
  return value
}
