/** Earlier revisions. */
import type { RevisionInfo } from '../../store/model.ts'
import type { Backend } from '../backend.ts'
import { changesBetween, writtenAs } from '../changes.ts'
import { requireCompilingParts } from '../check-sensors.ts'
import type { historyRoutes } from '../contract/history.ts'
import type { HandlersOf } from '../handler.ts'
import { notFound } from '../problem.ts'
import { requireFitting } from '../references.ts'
import { save } from '../save.ts'

export const historyHandlers: HandlersOf<typeof historyRoutes> = {
  listRevisions: ({ params, query, backend }) => ({
    revisions: backend.store.history(params.document, query.limit),
  }),
  readRevision: ({ params, backend }) => {
    const { document, revision } = params
    const value = revisionOf(backend, document, revision)
    const changes = changesBetween(document, value, backend.store.read(document).value)
    return { document, revision, value: writtenAs(document, value), changes }
  },
  restoreRevision: (call) => {
    const { document, revision } = call.params
    const { store } = call.backend
    const old = revisionOf(call.backend, document, revision)
    requireFitting(store, { [document]: old })
    requireCompilingParts(call.backend, { [document]: old })
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
