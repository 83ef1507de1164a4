/** The regression's backend as an HTTP server: `/reflect` answers what it is told, everything else an empty 200. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer } from './albedo.ts'

export type AlbedoServer = { readonly port: number; readonly close: () => Promise<void> }

/** A request with a longer body is answered 413. */
const maxBodyBytes = 4 * 1024 * 1024

export async function startAlbedo(host = '127.0.0.1', port = 0): Promise<AlbedoServer> {
  const server = createServer({ insecureHTTPParser: true, maxHeaderSize: 256 * 1024 }, async (message, reply) => {
    const body = await bodyOf(message).catch(() => 'gone' as const)
    if (body === 'gone') return
    if (body === 'too long') return void reply.writeHead(413, { Connection: 'close' }).end()
    const { status, headers, body: text } = answer({ uri: message.url ?? '/', body: body.text })
    const bytes = Buffer.from(text, 'latin1')
    for (const [name, value] of headers) reply.setHeader(name, value)
    reply.writeHead(status, { 'Content-Length': bytes.length }).end(bytes)
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(port, host, resolve)
  await promise
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) }
}

/** Throws where the client goes away before its end. */
async function bodyOf(message: IncomingMessage): Promise<{ readonly text: string } | 'too long'> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBodyBytes) return 'too long'
    chunks.push(chunk)
  }
  return { text: Buffer.concat(chunks).toString('latin1') }
}

function closed(server: ReturnType<typeof createServer>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeAllConnections()
  return promise
}
