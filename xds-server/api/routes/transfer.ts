/** The whole policy in and out. */
import type { Policy } from '../../policy/model.ts'
import { policyToDocument } from '../../policy/parse-policy.ts'
import type { AnyWrite, DocumentName } from '../../store/model.ts'
import { storedPolicy } from '../../store/policy.ts'
import { changesBetween } from '../changes.ts'
import { requireCompilingParts } from '../check-sensors.ts'
import { documentNames } from '../contract/route.ts'
import type { transferRoutes } from '../contract/transfer.ts'
import { draftPolicy } from '../draft.ts'
import type { Call, HandlersOf } from '../handler.ts'
import { previewOf } from '../preview.ts'
import { refuseStale, saveAll } from '../save.ts'
import { savedRule } from '../saved-rule.ts'
import { inOrder } from '../sensors.ts'

export const transferHandlers: HandlersOf<typeof transferRoutes> = {
  exportPolicy: ({ backend }) => {
    const policy = storedPolicy(backend.store)
    return { ...policyToDocument(policy), rules: policy.rules.map(savedRule) }
  },
  importPolicy: (call) => {
    const { store } = call.backend
    for (const name of documentNames) refuseStale(store, name, call.base)
    const before = storedPolicy(store)
    const written = draftPolicy(call.body, call.backend)
    requireCompilingParts(call.backend, written)
    const draft = inOrder(written)
    if (!call.query.dryRun)
      saveAll(
        store,
        documentNames.map((name) => writeOf(name, draft, call)),
      )
    return { saved: !call.query.dryRun, changes: documentNames.flatMap((name) => changesOf(name, before, draft)) }
  },
  previewPolicy: ({ body, backend }) => previewOf(backend, draftPolicy(body, backend)),
}

const changesOf = <K extends DocumentName>(document: K, before: Policy, after: Policy) =>
  changesBetween(document, before[document], after[document])

function writeOf(
  document: DocumentName,
  draft: Policy,
  { base, author }: Pick<Call<never>, 'base' | 'author'>,
): AnyWrite {
  return { document, value: draft[document], base: base(document), author, summary: 'import' } as AnyWrite
}
