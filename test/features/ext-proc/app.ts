/** The app behind Envoy: remembers what reached it, answers as its path says. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import type { Duplex } from 'node:stream'

export type Reached = {
  readonly method: string
  readonly headers: IncomingMessage['headers']
  readonly trailers: IncomingMessage['trailers']
  /** Bytes of the body so far, and the last of them. */
  readonly bytes: number
  readonly tail: string
  readonly ended: boolean
}

export type App = {
  /** By the request's `x-id`; undefined: nothing of it has come. */
  reached(id: string): Reached | undefined
  /** Goes on with an answer that waits for it (`/steps`). */
  step(text: string, end?: boolean): void
  close(): Promise<void>
}

const tailBytes = 64

type Answer = (request: IncomingMessage, response: ServerResponse, path: string) => void

/** Longest first. */
const answers: readonly (readonly [prefix: string, Answer])[] = [
  ['/body/', (_request, response, path) => sized(response, decodeURIComponent(path.slice('/body/'.length)))],
  ['/chunked/', (_request, response, path) => inChunks(response, decodeURIComponent(path.slice('/chunked/'.length)))],
  [
    '/large/',
    (_request, response, path) =>
      sized(response, `${'x'.repeat(Number(path.split('/')[2]))}${path.split('/')[3] ?? ''}`),
  ],
  [
    '/gzip',
    (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 6 }).end('ZIPPED'),
  ],
  ['/204', (_request, response) => response.writeHead(204).end()],
  ['/304', (_request, response) => response.writeHead(304, { etag: '"e"' }).end()],
  [
    '/trailers',
    (_request, response) => {
      response.writeHead(200, { trailer: 'x-after' }).write('body')
      response.addTrailers({ 'x-after': 'v' })
      response.end()
    },
  ],
  ['/', (_request, response) => response.end('ok')],
]

function inChunks(response: ServerResponse, text: string): void {
  response.write(text.slice(0, 1))
  response.end(text.slice(1))
}

const sized = (response: ServerResponse, text: string) =>
  response.writeHead(200, { 'content-length': Buffer.byteLength(text), 'content-type': 'text/plain' }).end(text)

/** Listens on a unix socket (HTTP/1.1) and another (HTTP/2). */
export async function startApp(http1: string, http2: string): Promise<App> {
  const requests = new Map<string, { -readonly [K in keyof Reached]: Reached[K] }>()
  let stepping: ServerResponse | undefined
  const take = (request: IncomingMessage, response: ServerResponse) => {
    const it = { method: request.method!, headers: request.headers, trailers: {}, bytes: 0, tail: '', ended: false }
    requests.set(String(request.headers['x-id']), it)
    request.on('error', () => {})
    response.on('error', () => {})
    request.on('data', (chunk: Buffer) => {
      it.bytes += chunk.length
      it.tail = (it.tail + chunk.toString('latin1')).slice(-tailBytes)
    })
    request.on('end', () => {
      it.ended = true
      it.trailers = request.trailers
      const path = request.url!
      if (!path.startsWith('/steps'))
        return answers.find(([prefix]) => path.startsWith(prefix))![1](request, response, path)
      response.writeHead(200, { 'content-type': path.includes('events') ? 'text/event-stream' : 'text/plain' })
      response.flushHeaders()
      stepping = response
    })
  }
  const servers: readonly Server[] = [
    createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, take),
    grpcEcho(requests),
  ]
  servers[0]!.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => {})
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
    )
    socket.pipe(socket)
  })
  for (const [i, path] of [http1, http2].entries()) {
    servers[i]!.listen(path)
    await once(servers[i]!, 'listening')
  }
  return {
    reached: (id) => requests.get(id),
    step: (text, end = false) => (end ? stepping?.end(text) : stepping?.write(text)),
    close: async () => {
      for (const server of servers) {
        const closed = once(server, 'close')
        server.close()
        server.closeAllConnections?.()
        if (server === servers[0]) await closed
      }
    },
  }
}

/** gRPC, as far as it is HTTP/2: every message comes back at once, then status 0. */
function grpcEcho(requests: Map<string, Reached>): Server {
  const server = createHttp2()
  server.on('session', (session) => {
    server.once('close', () => session.destroy())
    session.on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    requests.set(String(headers['x-id']), {
      method: 'POST',
      headers: {},
      trailers: {},
      bytes: 0,
      tail: '',
      ended: false,
    })
    stream.on('error', () => {})
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.pipe(stream)
  })
  return server as unknown as Server
}
