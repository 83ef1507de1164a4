/**
 * The contract on express: each route reads, judges and answers in the same way, so a handler sees only valid input.
 * Never answers HTML, never tells a caller what an unexpected error said.
 */
import express, { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express'
import type { z } from 'zod'
import type { Problem } from '../policy/model.ts'
import type { DocumentName } from '../store/model.ts'
import type { Backend } from './backend.ts'
import { maxBodyBytes, maxBulkBodyBytes, readBody, writeBody } from './body.ts'
import type { Method, Route } from './contract/route.ts'
import { type Base, baseOf, etagOf } from './etag.ts'
import type { Handler, HandlersOf, News } from './handler.ts'
import { ApiError, countOf, notFound, problemsOf } from './problem.ts'
import { type WaitingRoom, waitingRoom } from './waiting.ts'

export type MountOptions = {
  readonly backend: Backend
  /** Who asks; stands in the history. */
  readonly author: (request: Request) => string
}

type Routes = Readonly<Record<string, Route>>

/** A router with every route of the contract, 405 with `Allow` for other methods, 404 for other paths. */
export function mount<T extends Routes>(routes: T, handlers: HandlersOf<T>, options: MountOptions): Router {
  const router = Router()
  const room = waitingRoom()
  for (const [name, route] of Object.entries(routes)) {
    const limit = route.bulk ? maxBulkBodyBytes : maxBodyBytes
    const method = route.method.toLowerCase() as Lowercase<Method>
    const handler: unknown = handlers[name]
    const served =
      'news' in route
        ? serveNews(route, handler as News<Route>, room, options)
        : serve(route, handler as Handler<Route>, options)
    router[method](route.path, express.raw({ type: () => true, limit }), served)
  }
  for (const path of new Set(Object.values(routes).map((r) => r.path))) router.all(path, refuseMethod(routes, path))
  router.use((request) => {
    throw notFound(`route ${request.method} ${request.path.slice(0, 200)}`)
  })
  return router
}

function serve(route: Route, handler: Handler<Route>, { backend, author }: MountOptions): RequestHandler {
  return (request, response) => {
    const body = readBody(request)
    const judged = judge(route, { params: request.params, query: { ...request.query }, body })
    const documents = documentsOf(route, judged.params)
    const base = route.writes ? baseOf(request.get('if-match'), backend.store, documents) : neverBase
    const value = handler({ ...judged, base, author: author(request), backend })
    const etag = etagOf(backend.store, documents)
    if (etag !== undefined) response.set('ETag', etag)
    response.set('Cache-Control', 'no-store')
    writeBody(request, response, value)
  }
}

function serveNews(
  route: Route,
  { now, watch }: News<Route>,
  room: WaitingRoom,
  { backend }: MountOptions,
): RequestHandler {
  return async (request, response) => {
    const { query } = judge(route, { params: request.params, query: { ...request.query }, body: readBody(request) })
    const known = request.get('if-none-match')
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    await room({
      watch: (listener) => watch(backend, listener),
      isNews: () => quoted(now(backend).etag) !== known,
      ms: 1_000 * (query as { readonly wait: number }).wait,
      signal: gone.signal,
    })
    if (gone.signal.aborted) return
    const { etag, value } = now(backend)
    response.set('ETag', quoted(etag)).set('Cache-Control', 'no-store')
    if (quoted(etag) === known) response.status(304).end()
    else writeBody(request, response, value)
  }
}

const quoted = (etag: string): string => `"${etag}"`

const neverBase: Base = () => {
  throw new Error('this route does not write')
}

function documentsOf(route: Route, params: unknown): readonly DocumentName[] {
  return typeof route.documents === 'function' ? route.documents(params) : route.documents
}

type Parts = { readonly params: unknown; readonly query: unknown; readonly body: unknown }

/** All three parts judged before any is refused: every problem in one answer. Paths in the body stand as they are. */
function judge(route: Route, parts: Parts): Parts {
  const params = route.params.safeParse(parts.params)
  const query = route.query.safeParse(parts.query)
  const body = route.body.safeParse(parts.body)
  if (params.success && query.success && body.success) {
    return { params: params.data, query: query.data, body: body.data }
  }
  const problems = [...issues(params, 'params'), ...issues(query, 'query'), ...issues(body, '')]
  throw new ApiError('invalid', countOf(problems), { problems })
}

const issues = (result: z.ZodSafeParseResult<unknown>, prefix: string): readonly Problem[] =>
  result.success ? [] : problemsOf(result.error, prefix)

function refuseMethod(routes: Routes, path: string): RequestHandler {
  const allowed = Object.values(routes)
    .filter((r) => r.path === path)
    .map((r) => r.method)
    .join(', ')
  return (request, response) => {
    response.set('Allow', allowed)
    throw new ApiError('method-not-allowed', `${request.method} is not for ${path}; these are: ${allowed}.`)
  }
}

/** Any error as a problem document; `report` hears of the unexpected ones. The last middleware of a server. */
export function problemAnswer(report: (error: unknown, request: Request) => void) {
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    const known = asApiError(error)
    if (known.code === 'internal') report(error, request)
    if (response.headersSent) next(error)
    else answer(response, known)
  }
}

function answer(response: Response, error: ApiError): void {
  const document = error.document()
  response.status(document.status).set('Cache-Control', 'no-store').type('application/problem+json')
  if (error.code === 'busy') response.set('Retry-After', '1')
  response.end(`${JSON.stringify(document)}\n`)
}

/** What express and its body parser throw carries a status; the rest is a defect of ours. */
function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  const message = error instanceof Error ? error.message : String(error)
  if (status === 413) return new ApiError('too-large', message, { cause: error })
  if (status === 415) return new ApiError('media-type', message, { cause: error })
  if (status === 400) return new ApiError('malformed', message, { cause: error })
  return new ApiError('internal', 'The log has the cause.', { cause: error })
}
