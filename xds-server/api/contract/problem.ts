/** What goes wrong, on the wire: RFC 9457 problem details with our members `problems`, `diff` and `revision`. */
import { z } from 'zod'
import { documentName, listOf } from './route.ts'

type Kind = { readonly status: number; readonly title: string }

/** Every kind of problem the API answers with; `type` is `urn:postern:problem:<code>`. */
export const problemKinds = {
  malformed: { status: 400, title: 'The request can not be read' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'This can not be done to it' },
  conflict: { status: 409, title: 'Somebody else saved first' },
  'too-large': { status: 413, title: 'The request is too large' },
  'media-type': { status: 415, title: 'This kind of content is not understood' },
  invalid: { status: 422, title: 'The request is not valid' },
  'precondition-required': { status: 428, title: 'Say which revision the change is based on (If-Match)' },
  busy: { status: 503, title: 'Too many are waiting; ask again' },
  internal: { status: 500, title: 'Something is broken here' },
} as const satisfies Record<string, Kind>
export type ProblemCode = keyof typeof problemKinds

export const problemType = (code: ProblemCode): string => `urn:postern:problem:${code}`

const entry = { document: documentName, id: z.string() }
/** The entry it stands under, null at the top; only where order matters (rules). */
const below = z.string().nullable()

/** One difference between two versions of a document; entries and fields as YAML has them. Made by store/diff.ts. */
export const change = z.discriminatedUnion('kind', [
  z.object({ ...entry, kind: z.literal('removed'), before: z.unknown() }),
  z.object({ ...entry, kind: z.literal('added'), after: z.unknown(), below: below.optional() }),
  z.object({
    ...entry,
    kind: z.literal('changed'),
    fields: listOf(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
  }),
  z.object({ ...entry, kind: z.literal('moved'), below }),
])
export type Change = z.output<typeof change>

export const problemDocument = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string().optional(),
  problems: listOf(z.object({ path: z.string(), message: z.string() })).default([]),
  /** With `conflict`: what changed since the revision the write was based on. */
  diff: listOf(change).optional(),
  /** With `conflict`: the ETag now. */
  revision: z.string().optional(),
})
export type ProblemDocument = z.output<typeof problemDocument>
