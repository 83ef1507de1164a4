/** Settings, and the conversations that are never learned again. */
import { z } from 'zod'
import { ignoredDocument, settingsDocument } from './documents.ts'
import { listOf, nameText, page, route } from './route.ts'

export const settingsRoutes = {
  readSettings: route({
    method: 'GET',
    path: '/settings',
    summary: 'The settings',
    answer: z.object({ settings: settingsDocument }),
    documents: ['settings'],
  }),
  editSettings: route({
    method: 'PATCH',
    path: '/settings',
    summary: 'Some settings (JSON merge patch: null is a value here, as in `mode: null`)',
    body: z.record(z.string(), z.unknown()),
    answer: z.object({ settings: settingsDocument }),
    documents: ['settings'],
    writes: true,
  }),
  listIgnored: route({
    method: 'GET',
    path: '/ignored',
    summary: 'Conversations that are never learned again',
    query: z.strictObject({ ...page(1_000, 10_000) }),
    answer: z.object({ total: z.number(), ignored: listOf(ignoredDocument) }),
    documents: ['ignored'],
  }),
  forgetIgnored: route({
    method: 'DELETE',
    path: '/ignored',
    summary: 'Learn this conversation again',
    query: z.strictObject({ from: nameText, to: nameText, application: nameText }),
    answer: z.object({ ignored: ignoredDocument }),
    documents: ['ignored'],
    writes: true,
  }),
}
