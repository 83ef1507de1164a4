/** The same front behind node:http2 instead of our own layer. */

import { once } from 'node:events'
import { createServer, type ServerHttp2Stream } from 'node:http2'
import { type Accept, type Call, type Status, status } from '../../../classifier/http/transport.ts'

const resets = { streamResetBurst: 1_000_000, streamResetRate: 100_000 }
const prefixBytes = 5

export async function serveNodeHttp2(accept: Accept, socket: string): Promise<void> {
  const settings = { headerTableSize: 0, maxConcurrentStreams: 1_000 }
  const server = createServer({ settings, ...resets })
  server.on('session', (session) => session.on('error', () => {}))
  server.on('stream', (stream, headers) => serve(accept, stream, (name) => String(headers[name] ?? '')))
  server.listen(socket)
  await once(server, 'listening')
}

function serve(accept: Accept, stream: ServerHttp2Stream, metadata: (name: string) => string): void {
  let trailers: { readonly 'grpc-status': string } | undefined
  const respond = () => {
    if (!stream.headersSent)
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  }
  const call: Call = {
    path: metadata(':path'),
    metadata,
    send(message) {
      if (stream.destroyed) return
      respond()
      const bytes = Buffer.allocUnsafe(prefixBytes + message.length)
      bytes[0] = 0
      bytes.writeUInt32BE(message.length, 1)
      bytes.set(message, prefixBytes)
      stream.write(bytes)
    },
    end(code: Status) {
      trailers = { 'grpc-status': `${code}` }
      if (stream.destroyed) return
      respond()
      stream.end()
    },
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    get unsent() {
      return stream.writableLength
    },
  }
  stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? { 'grpc-status': `${status.internal}` }))
  stream.on('error', () => {})
  const events = accept(call)
  let rest: Buffer = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= prefixBytes && rest.length >= prefixBytes + rest.readUInt32BE(1)) {
      const end = prefixBytes + rest.readUInt32BE(1)
      events.message(rest.subarray(prefixBytes, end))
      rest = rest.subarray(end)
    }
  })
  stream.on('end', () => events.halfClosed())
  stream.on('close', () => {
    if (trailers === undefined) events.closed()
  })
}
