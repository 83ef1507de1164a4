/**
 * Writing to the store: read-modify-write on the revision the caller said, and a conflict as a problem with what changed
 * since. Never merges two people's edits: whoever is second looks again.
 */
import type { AnyWrite, DocumentName, Documents, Store } from '../store/model.ts'
import type { Backend } from './backend.ts'
import { changesBetween } from './changes.ts'
import { type Base, etagOf } from './etag.ts'
import { ApiError } from './problem.ts'

type Edit<K extends DocumentName> = {
  readonly backend: Backend
  readonly base: Base
  readonly author: string
  readonly document: K
  /** For the history: what was done, in words. */
  readonly summary: string
  /** From the document as it is to the one to save. */
  readonly change: (value: Documents[K]) => Documents[K]
}

/** Saves one document; throws `conflict` where the base is not the present revision. */
export function save<K extends DocumentName>({
  backend,
  base,
  author,
  document,
  summary,
  change,
}: Edit<K>): Documents[K] {
  const { store } = backend
  refuseStale(store, document, base)
  const { value, revision } = store.read(document)
  saveAll(store, [{ document, value: change(value), base: revision, author, summary } as AnyWrite])
  return store.read(document).value
}

/** Saves all or none. */
export function saveAll(store: Backend['store'], writes: readonly AnyWrite[]): void {
  const saved = store.writeAll(writes)
  if (!saved.ok) throw conflict(store, saved.document, saved.base)
}

export function refuseStale(store: Store, document: DocumentName, base: Base): void {
  const wanted = base(document)
  if (store.read(document).revision !== wanted) throw conflict(store, document, store.at(document, wanted))
}

/** Without a diff where the base is too old to be in the history. */
function conflict(store: Store, document: DocumentName, base: Documents[DocumentName] | undefined): ApiError {
  const diff = base === undefined ? [] : changesBetween(document, base as never, store.read(document).value as never)
  const detail = `The ${document} were changed since; look at the differences and try again.`
  return new ApiError('conflict', detail, { diff, revision: etagOf(store, [document])! })
}
