/** Earlier revisions of each document: who, when, what, and back to it. */
import { z } from 'zod'
import { change } from './problem.ts'
import { documentName, listOf, route, wholeNumber } from './route.ts'

const revisionInfo = z.object({
  document: documentName,
  revision: z.number(),
  at: z.string(),
  author: z.string(),
  summary: z.string(),
})
const oneDocument = z.strictObject({ document: documentName })
const oneRevision = oneDocument.extend({ revision: wholeNumber(1, Number.MAX_SAFE_INTEGER) })
const itself = (params: z.output<typeof oneDocument>) => [params.document]

export const historyRoutes = {
  listRevisions: route({
    method: 'GET',
    path: '/history/:document',
    summary: 'Revisions, newest first',
    params: oneDocument,
    query: z.strictObject({ limit: wholeNumber(1, 1_000).default(50) }),
    answer: z.object({ revisions: listOf(revisionInfo) }),
    documents: itself,
  }),
  readRevision: route({
    method: 'GET',
    path: '/history/:document/:revision',
    summary: 'A revision as YAML has it, and what changed from it to now',
    params: oneRevision,
    answer: z.object({ document: documentName, revision: z.number(), value: z.unknown(), changes: listOf(change) }),
    documents: itself,
  }),
  restoreRevision: route({
    method: 'POST',
    path: '/history/:document/:revision/restore',
    summary: 'A new revision equal to an old one',
    params: oneRevision,
    answer: z.object({ revision: z.number(), changes: listOf(change) }),
    documents: itself,
    writes: true,
  }),
}
