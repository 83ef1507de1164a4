/** The gRPC server that Envoys talk to (ADS, ALS), with the limits that real Envoys need. */
import { Server, ServerCredentials } from '@grpc/grpc-js'

export type TlsFiles = {
  readonly cert: Buffer | string
  readonly key: Buffer | string
  /** Where set, clients must show a certificate of this authority. */
  readonly clientCa?: Buffer | string
}

export type GrpcServer = {
  /** Add services here before `listen`. */
  readonly server: Server
  /** Resolves with the bound port. `host` is an address, v6 in brackets; port 0 takes a free one. */
  listen(host: string, port: number): Promise<number>
  /** Lets streams that are ending end; what is left after `graceMs` is cut. */
  close(graceMs: number): Promise<void>
}

/**
 * HTTP/2 stream resets a session may send at once and per second before Node closes it. Node's own 1,000 and 33 are too
 * few: Envoy resets every log or ext_proc stream it is done with, and the session dies with live requests on it.
 */
const streamResets = { streamResetBurst: 1_000_000, streamResetRate: 100_000 } as const

/** A sidecar whose node vanished is noticed after the two together. */
const keepaliveMs = { time: 20_000, timeout: 10_000 }
/** Discovery requests and log batches are far smaller; past it the call ends with RESOURCE_EXHAUSTED. */
const maxRequestBytes = 4 * 1024 * 1024
/** One Envoy has one ADS and a few ALS streams on its connection. */
const maxStreamsPerConnection = 1024

const options = {
  'grpc.keepalive_time_ms': keepaliveMs.time,
  'grpc.keepalive_timeout_ms': keepaliveMs.timeout,
  'grpc.max_receive_message_length': maxRequestBytes,
  // what we send is bounded where it is made (xds/)
  'grpc.max_send_message_length': -1,
  'grpc.max_concurrent_streams': maxStreamsPerConnection,
  // a tree of every call ever made, for debugging tools nobody attaches
  'grpc.enable_channelz': 0,
}

/**
 * grpc-js has no option for them, so they go into the private field from which it makes its HTTP/2 servers.
 * @throws where that field is not there: a server that would die under load must not start
 */
export function raiseStreamResetLimits(server: object): void {
  const common = Object.getOwnPropertyDescriptor(server, 'commonServerOptions')?.value
  if (typeof common !== 'object' || common === null)
    throw new Error('grpc-js has no commonServerOptions any more: the HTTP/2 reset limits can not be raised')
  Object.assign(common, streamResets)
}

const credentials = ({ cert, key, clientCa }: TlsFiles) =>
  ServerCredentials.createSsl(
    clientCa === undefined ? null : Buffer.from(clientCa),
    [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }],
    clientCa !== undefined,
  )

function bind(server: Server, host: string, port: number, tls: TlsFiles): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, credentials(tls), (error, bound) => (error ? reject(error) : resolve(bound)))
  })
}

/** `drain` and not `forceShutdown` does the cutting: the latter forgets sessions while channelz is off (1.14.7). */
function shutdown(server: Server, addresses: ReadonlySet<string>, graceMs: number): Promise<void> {
  for (const address of addresses) server.drain(address, graceMs)
  return new Promise((resolve, reject) => server.tryShutdown((error) => (error ? reject(error) : resolve())))
}

/** A server with TLS, not listening yet. @throws where the HTTP/2 limits can not be raised */
export function createGrpcServer(tls: TlsFiles): GrpcServer {
  const server = new Server(options)
  raiseStreamResetLimits(server)
  const addresses = new Set<string>()
  return {
    server,
    async listen(host, port) {
      const bound = await bind(server, host, port, tls)
      addresses.add(`${host}:${bound}`)
      return bound
    },
    close: (graceMs) => shutdown(server, addresses, graceMs),
  }
}
