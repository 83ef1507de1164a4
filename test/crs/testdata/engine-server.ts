/** An HTTP/1 server that judges with our engine, and answers as albedo does: what a replay needs, without a proxy. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Engine } from '../../../classifier/waf/engine/evaluate.ts'
import type { Header, HttpRequest } from '../../../classifier/waf/engine/model.ts'
import { answer } from '../albedo.ts'
import { received } from '../front.ts'
import { type LogEntry, logEntry } from '../log.ts'
import { requestIdHeader } from '../wire.ts'

export class EngineServer implements AsyncDisposable {
  readonly #server: Server
  readonly #log = new Map<string, LogEntry>()

  constructor(engine: Engine) {
    this.#server = createServer({ insecureHTTPParser: true, maxHeaderSize: 256 * 1024, joinDuplicateHeaders: true }, async (message, reply) => {
      const arrived = await read(message).catch(() => undefined)
        if (arrived === undefined) return // the client went away
        const { id, request } = arrived
      const judged = received(request)
      if (judged === undefined) return void reply.writeHead(400, { Connection: 'close' }).end()
      const answered = answer(judged)
      const { ids, matches, blocked } = engine.evaluate(judged, answered)
      this.#log.set(id, logEntry(ids, matches))
      const bytes = Buffer.from(blocked ? '' : answered.body, 'latin1')
      reply.writeHead(blocked?.status ?? answered.status, { 'Content-Length': bytes.length }).end(bytes)
    })
  }

  async listen(): Promise<this> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.listen(0, '127.0.0.1', resolve)
    await promise
    return this
  }

  readonly connect = () => connect((this.#server.address() as AddressInfo).port, '127.0.0.1')
  readonly decisionsOf = async (id: string): Promise<LogEntry | undefined> => this.#log.get(id)

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }
}

async function read(message: IncomingMessage): Promise<{ id: string; request: HttpRequest }> {
  const chunks: Buffer[] = []
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk)
  const all: Header[] = []
  for (let at = 0; at < message.rawHeaders.length; at += 2) all.push([message.rawHeaders[at]!, message.rawHeaders[at + 1]!])
  const isId = ([name]: Header): boolean => name.toLowerCase() === requestIdHeader
  return {
    id: all.find(isId)?.[1] ?? '',
    request: {
      method: message.method ?? '',
      uri: message.url ?? '',
      protocol: `HTTP/${message.httpVersion}`,
      headers: all.filter((header) => !isId(header)),
      body: Buffer.concat(chunks).toString('latin1'),
      remoteAddress: '172.17.0.1',
    },
  }
}
