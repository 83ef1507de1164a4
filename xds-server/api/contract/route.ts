/** How one route of the contract is written down. Knows no express and no socket: the browser and the CLI read it too. */
import { z } from 'zod'
import type { DocumentName } from '../../store/model.ts'

/** The documents, in the order in which the revisions of all of them stand in an ETag. */
export const documentNames = [
  'groups',
  'rules',
  'settings',
  'ignored',
  'wafSensors',
  'dlpSensors',
  'inspections',
] as const satisfies readonly DocumentName[]
export const documentName = z.enum(documentNames)

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** The documents an answer stands for, in the order their revisions stand in its ETag. */
type DocumentsOf<P> = readonly DocumentName[] | ((params: P) => readonly DocumentName[])

export type Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  A extends z.ZodType = z.ZodType,
> = {
  readonly method: Method
  /** Below `/api/v1`; `:name` is a parameter, percent-encoded in the URL. */
  readonly path: string
  readonly summary: string
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly answer: A
  /** Their revisions are the answer's ETag, and what `If-Match` of a write is compared with. */
  readonly documents: DocumentsOf<z.output<P>>
  /** `If-Match` is required (428 without, 409 with a diff when stale). */
  readonly writes: boolean
  /** Whole lists and policies may be long; other bodies are small. */
  readonly bulk: boolean
}

/**
 * A route that is asked for news: with `If-None-Match` it answers once what it tells has another ETag, or 304 when the
 * `wait` of its query (seconds) is over.
 */
export type NewsRoute<P extends z.ZodType, Q extends z.ZodType<{ readonly wait: number }>, A extends z.ZodType> = Route<
  P,
  Q,
  Nothing,
  A
> & { readonly news: true }

const nothing = z.strictObject({}).optional()
type Nothing = typeof nothing

type Sketch<P, Q, B, A> = {
  readonly method: Method
  readonly path: string
  readonly summary: string
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly answer: A
  readonly documents?: DocumentsOf<P extends z.ZodType ? z.output<P> : never>
  readonly writes?: boolean
  readonly bulk?: boolean
}

/** A route; what is left out is empty, reads nothing and writes nothing. */
export function route<
  A extends z.ZodType,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = Nothing,
>(sketch: Sketch<P, Q, B, A>): Route<P, Q, B, A> {
  const blank = { params: nothing, query: nothing, body: nothing, documents: [], writes: false, bulk: false }
  return { ...blank, ...sketch } as unknown as Route<P, Q, B, A>
}

/** A route that is asked for news; it writes nothing. */
export function newsRoute<A extends z.ZodType, Q extends z.ZodType<{ readonly wait: number }>>(
  sketch: Pick<Sketch<Nothing, Q, Nothing, A>, 'path' | 'summary' | 'answer'> & { readonly query: Q },
): NewsRoute<Nothing, Q, A> {
  return { ...route<A, Nothing, Q>({ ...sketch, method: 'GET' }), news: true }
}

/** A list as the model has them: never changed in place. */
export const listOf = <T extends z.ZodType>(item: T) => z.array(item).readonly()

/** A whole number in a query string. */
export const wholeNumber = (min: number, max: number) => z.coerce.number<number | string>().int().min(min).max(max)

/** Lists are cut at `limit` (never more than `max`) from `offset`; answers say the `total`. */
export const page = (normal: number, max: number) => ({
  limit: wholeNumber(1, max).default(normal),
  offset: wholeNumber(0, 1_000_000).default(0),
})

/** `true` or `false` in a query string. */
export const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true')

/** Names and ids in a path or query: bounded, so that no message or log line grows without end. */
export const nameText = z.string().min(1).max(512)
