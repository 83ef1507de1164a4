/**
 * The HTTPS side: `POST /inject`, one review a request. Bounded in bytes and time; whatever goes wrong is an answer that
 * does not allow, or a status that the API server takes for one.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { type Answer, answer, failure, mediaType } from '../admission/review.ts'
import type { InjectionSettings } from '../injection/settings.ts'
import type { Metrics } from './metrics.ts'

/** The API server takes requests up to 3 MiB; a review has the pod and some lines around it. */
export const maxBodyBytes = 4 * 1024 * 1024
/** A review comes at once. */
export const requestTimeoutMs = 10_000
/** Longer than the API server's 90 s: who closes first loses a request that is just under way. */
export const keepAliveTimeoutMs = 120_000
/** API servers and their connections; past it Node refuses. */
export const maxConnections = 1_024

const path = '/inject'

export type AdmissionOptions = {
  readonly settings: () => InjectionSettings
  /** The last answers say that the connection ends. */
  readonly draining: () => boolean
  readonly metrics: Metrics
  readonly log: Logger
}

export function admission(options: AdmissionOptions): RequestListener {
  return (request, response) => {
    if (options.draining()) response.setHeader('connection', 'close')
    handle(request, response, options).catch((error) => {
      options.log.warn({ error: (error as Error).message }, 'a request was not finished')
      response.destroy()
    })
  }
}

async function handle(request: IncomingMessage, response: ServerResponse, options: AdmissionOptions): Promise<void> {
  // the API server adds ?timeout=…
  if (request.url?.split('?', 1)[0] !== path) return plain(response, 404, 'not found')
  if (request.method !== 'POST') return plain(response, 405, 'POST only')
  const body = await read(request)
  if (body === undefined) {
    response.setHeader('connection', 'close')
    return plain(response, 413, `more than ${maxBodyBytes} bytes`)
  }
  const end = options.metrics.seconds.startTimer()
  const judged = judge(body, options)
  options.metrics.admissions.inc({ outcome: judged.outcome })
  end()
  if (judged.outcome === 'unreadable') {
    const problems = judged.problems.map(({ path, message }) => `${path}: ${message}`)
    return plain(response, 400, `no AdmissionReview: ${problems.join('; ')}`)
  }
  options.log.debug({ uid: judged.uid, outcome: judged.outcome }, 'reviewed')
  response.writeHead(200, { 'content-type': mediaType }).end(JSON.stringify(judged.review))
}

function judge(body: string, { settings, log }: AdmissionOptions): Answer {
  try {
    return answer(body, settings())
  } catch (error) {
    log.error({ error }, 'a review could not be judged')
    return failure(body)
  }
}

/** Undefined: too long. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return undefined
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBodyBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}
