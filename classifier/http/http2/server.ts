/** Connections of a listening socket, unix or TLS, until all of them have drained. */
import { createServer as createPlain, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTls, type TlsOptions } from 'node:tls'
import type { Accept } from '../transport.ts'
import { Http2Connection } from './connection.ts'
import { maxConnections } from './limits.ts'

/** A peer whose machine is gone is noticed. */
const socketOptions = { noDelay: true, allowHalfOpen: true, keepAlive: true, keepAliveInitialDelay: 30_000 } as const

export type Http2Server = {
  readonly server: Server
  /** Takes no new connections and no new calls; resolves when the last call is over and every connection closed. */
  drain(): Promise<void>
  /** Cuts what is still open. */
  cut(): void
}

export function createHttp2Server(accept: Accept, tls?: TlsOptions): Http2Server {
  const connections = new Map<Duplex, Http2Connection>()
  const serve = (socket: Duplex) => {
    const connection = new Http2Connection(socket, accept, () => performance.now())
    connections.set(socket, connection)
    socket.on('data', (chunk: Buffer) => connection.receive(chunk))
    socket.on('end', () => socket.end())
    socket.on('error', () => socket.destroy()) //  'close' follows, which is all that matters here
    socket.on('close', () => {
      connections.delete(socket)
      connection.lost()
    })
  }
  const server =
    tls === undefined
      ? createPlain(socketOptions, serve)
      : createTls({ ...tls, ...socketOptions, ALPNProtocols: ['h2'] }, serve)
  server.maxConnections = maxConnections
  return {
    server,
    drain: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const connection of connections.values()) connection.drain()
      }),
    cut: () => {
      for (const socket of connections.keys()) socket.destroy()
    },
  }
}
