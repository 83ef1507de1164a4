/**
 * The API over its unix socket, in the contract's types. Reads every answer through the contract, so a server of another
 * version is an error in words, never a half-understood table. Never retries: whoever asks knows whether that is safe.
 */
import { type IncomingMessage, request } from 'node:http'
import type { z } from 'zod'
import { type ProblemDocument, problemDocument } from '../xds-server/api/contract/problem.ts'
import type { Route } from '../xds-server/api/contract/route.ts'
import { type RouteName, type Routes, routes } from '../xds-server/api/contract.ts'

/** A connection that says nothing for this long is given up. */
const silenceMs = 30_000
/** 10,000 conversations are about 6 MB. Past it the answer is refused instead of filling the memory. */
const maxAnswerBytes = 64 * 1024 * 1024

type Part<K extends string, T> = Record<never, never> extends T ? { readonly [P in K]?: T } : { readonly [P in K]: T }
/** What a route is asked with; `ifMatch` is the revision a write is based on. */
type Ask<R extends Route> = Part<'params', z.input<R['params']>> &
  Part<'query', z.input<R['query']>> &
  Part<'body', z.input<R['body']>> & { readonly ifMatch?: string }
type Answered<R extends Route> = { readonly value: z.output<R['answer']>; readonly etag: string }

export type Client = {
  /** Throws `ApiProblem` for what the API refuses, `Unreachable` where nobody answers. */
  call<N extends RouteName>(name: N, ask: Ask<Routes[N]>): Promise<Answered<Routes[N]>>
  /** A page outside the contract: `/metrics`. */
  text(path: string): Promise<string>
}

/** The API refused: its problem document says why. */
export class ApiProblem extends Error {
  readonly document: ProblemDocument

  constructor(document: ProblemDocument) {
    super(document.detail ?? document.title)
    this.document = document
  }
}

/** Nobody answers on the socket, or what answers is not the API. */
export class Unreachable extends Error {}

/** `user` is only told, never proved: whoever may open the socket may do everything. It stands in the history. */
export function createClient(socket: string, user: string): Client {
  return {
    async call(name, ask) {
      const route: Route = routes[name]
      const answer = await send(socket, user, route.method, addressOf(route, ask as Ask<Route>), ask as Ask<Route>)
      const read = route.answer.safeParse(parseJson(answer.body))
      if (!read.success)
        throw new Unreachable(`The API's answer is not understood (another version?): ${read.error.message}`)
      return { value: read.data as never, etag: answer.etag }
    },
    text: async (path) => (await send(socket, user, 'GET', path, {})).body,
  }
}

function addressOf(route: Route, ask: Ask<Route>): string {
  const params = (ask.params ?? {}) as Readonly<Record<string, string>>
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries((ask.query ?? {}) as Record<string, unknown>)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) query.append(name, String(one))
  }
  return `/api/v1${path}${query.size > 0 ? `?${query}` : ''}`
}

type Reply = { readonly body: string; readonly etag: string }

function send(socketPath: string, user: string, method: string, path: string, ask: Ask<Route>): Promise<Reply> {
  const body = ask.body === undefined ? undefined : JSON.stringify(ask.body)
  const headers = {
    accept: 'application/json',
    'postern-author': user,
    ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    ...(ask.ifMatch !== undefined && { 'if-match': ask.ifMatch }),
  }
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, headers, timeout: silenceMs }, (answer) => {
      collect(answer)
        .then((text) => resolve(judge(answer, text)))
        .catch((cause) => reject(isOurs(cause) ? cause : new Unreachable(`The answer broke off: ${cause.message}.`)))
    })
    call.on('timeout', () => call.destroy(new Error(`no answer for ${silenceMs / 1000} s`)))
    call.on('error', (cause) => reject(unreachable(socketPath, cause)))
    call.end(body)
  })
}

const isOurs = (error: unknown): boolean => error instanceof ApiProblem || error instanceof Unreachable

function unreachable(socket: string, cause: Error): Unreachable {
  return new Unreachable(
    `No control plane answers on ${socket}: ${cause.message}. Start one (postern lab up) or name its socket (--socket).`,
    { cause },
  )
}

async function collect(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer) {
    size += chunk.length
    if (size > maxAnswerBytes) throw new Unreachable(`The answer is longer than ${maxAnswerBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function judge(answer: IncomingMessage, body: string): Reply {
  const status = answer.statusCode ?? 0
  if (status >= 200 && status < 300) return { body, etag: answer.headers.etag ?? '' }
  const problem = problemDocument.safeParse(parseJson(body))
  if (problem.success) throw new ApiProblem(problem.data)
  throw new Unreachable(`What answers is not the API (status ${status}).`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
