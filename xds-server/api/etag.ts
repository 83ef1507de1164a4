/** Revisions as ETags, and `If-Match` read back: `"12"` for one document, `"3.12.1.0"` for several, `*` for "as it is now". */
import type { DocumentName, Store } from '../store/model.ts'
import { ApiError } from './problem.ts'

/** The revision a write is based on, by document. */
export type Base = (document: DocumentName) => number

/** Undefined where the answer stands for no document. */
export function etagOf(store: Store, documents: readonly DocumentName[]): string | undefined {
  if (documents.length === 0) return undefined
  return `"${documents.map((d) => store.read(d).revision).join('.')}"`
}

/**
 * `If-Match` as the base of a write. Missing is 428, another form than our tags is 400; whether it is stale, the write
 * itself finds out (409 with a diff), because only the store knows without a race.
 */
export function baseOf(header: string | undefined, store: Store, documents: readonly DocumentName[]): Base {
  if (header === undefined) {
    throw new ApiError('precondition-required', `If-Match is missing; now it would be ${etagOf(store, documents)}.`)
  }
  if (header.trim() === '*') return (document) => store.read(document).revision
  const revisions = parseTag(header, documents.length)
  return (document) => revisions[documents.indexOf(document)]!
}

function parseTag(header: string, count: number): readonly number[] {
  const revisions = /^\s*"(\d{1,15}(?:\.\d{1,15})*)"\s*$/.exec(header)?.[1]?.split('.').map(Number)
  if (revisions?.length === count) return revisions
  throw new ApiError('malformed', `If-Match is none of our ETags: ${header.slice(0, 100)}`)
}
