/**
 * Requests to a Kubernetes API server, by HTTP/1.1 and JSON: what the reflectors, the store and the elector speak through.
 *
 * Promises: answers are whole or an error, in bounded memory; credentials are fresh for every request and are in no error.
 * Never retries and never judges a status: that is the caller's, who knows what the request was for.
 */
import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import type { Access, AccessSource } from './access.ts'
import { textOf } from './lines.ts'

/** Of one answer that is read whole; past it the request fails with `AnswerTooLarge`. */
const maxAnswerBytes = 32 * 1024 * 1024
/** For an answer that is read whole, from the first byte sent to the last one read. */
const answerTimeoutMs = 30_000

export type ApiRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With its query: `/api/v1/pods?limit=1`. */
  readonly path: string
  readonly accept?: string
  /** Sent as JSON. */
  readonly body?: object
  /** Of the body; for a PATCH it says which kind of patch it is. */
  readonly contentType?: string
  readonly signal?: AbortSignal
}

type Head = {
  readonly status: number
  /** Where the server says when to come back (429, 503). */
  readonly retryAfterMs: number | undefined
}
export type ApiAnswer = Head & { readonly text: string }
export type ApiStream = Head & { readonly chunks: AsyncIterable<Buffer> }

export type KubernetesClient = {
  /** The whole answer, whatever its status. Rejects where none came: no connection, time is over, too large. */
  ask(request: ApiRequest): Promise<ApiAnswer>
  /** As soon as the head is there; without a time limit: the caller's signal ends it. */
  open(request: ApiRequest): Promise<ApiStream>
}

export function kubernetesClient(access: AccessSource): KubernetesClient {
  const agentFor = agents()
  async function open(request: ApiRequest): Promise<ApiStream> {
    const now = await access()
    const response = await send(now, agentFor(now), request)
    return { ...headOf(response), chunks: response }
  }
  async function ask(request: ApiRequest): Promise<ApiAnswer> {
    const time = AbortSignal.timeout(answerTimeoutMs)
    const signal = request.signal ? AbortSignal.any([request.signal, time]) : time
    const { chunks, ...head } = await open({ ...request, signal })
    return { ...head, text: await textOf(chunks, maxAnswerBytes) }
  }
  return { ask, open }
}

/** Connections are kept and used again while trust and identity stay what they are. */
function agents(): (access: Access) => Agent {
  let last: { readonly of: string; readonly agent: Agent } | undefined
  return ({ ca, credentials }) => {
    const pair = credentials.kind === 'certificate' ? { cert: credentials.cert, key: credentials.key } : {}
    const of = JSON.stringify([ca, pair])
    if (last?.of !== of) last = { of, agent: new Agent({ keepAlive: true, minVersion: 'TLSv1.2', ca, ...pair }) }
    return last.agent
  }
}

function send(access: Access, agent: Agent, request: ApiRequest): Promise<IncomingMessage> {
  const { method = 'GET', path, body, signal } = request
  const url = new URL(path, access.server)
  const text = body && JSON.stringify(body)
  const options = { agent, method, headers: headersFor(access, request, text), ...(signal && { signal }) }
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(url, options, resolve)
    sent.on('error', reject)
    sent.end(text)
  })
}

function headersFor({ credentials }: Access, request: ApiRequest, text: string | undefined): Record<string, string> {
  const { accept = 'application/json', contentType = 'application/json' } = request
  return {
    accept,
    'user-agent': 'postern',
    // the length, always: Node sends a DELETE's body without one, and the server reads it as the next request
    ...(text !== undefined && { 'content-type': contentType, 'content-length': String(Buffer.byteLength(text)) }),
    ...(credentials.kind === 'token' && { authorization: `Bearer ${credentials.token}` }),
  }
}

function headOf({ statusCode = 0, headers }: IncomingMessage): Head {
  // Kubernetes only ever sends seconds, not a date
  const seconds = Number(headers['retry-after'] ?? Number.NaN)
  return { status: statusCode, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined }
}
