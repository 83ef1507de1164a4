/** A simulated Envoy over a real gRPC stream with TLS. */
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js'
import { discoveryService } from '../../../xds-server/envoy/services.ts'
import { type Delivery, type SimulatedEnvoy, type SimulatedOptions, simulatedEnvoy } from './simulated-envoy.ts'

export type GrpcOptions = Omit<SimulatedOptions, 'send'> & {
  readonly address: string
  readonly ca: string
  readonly token?: string
  /** Whom the server's certificate is for; default: the address. */
  readonly serverName?: string
  readonly onDelivery?: (delivery: Delivery) => void
}

export type GrpcEnvoy = {
  readonly envoy: SimulatedEnvoy
  /** gRPC status code when the stream ends. */
  readonly ended: Promise<number>
  /** Resolves when what arrived fits. */
  until(fits: (envoy: SimulatedEnvoy) => boolean): Promise<void>
  close(): void
}

/** Opens a stream; nothing is asked for before `envoy.start`. */
export function connectEnvoy({ address, ca, token, serverName, onDelivery, ...options }: GrpcOptions): GrpcEnvoy {
  const client = new Client(address, credentials.createSsl(Buffer.from(ca)), {
    'grpc.use_local_subchannel_pool': 1,
    ...(serverName !== undefined && { 'grpc.ssl_target_name_override': serverName }),
  })
  const metadata = new Metadata()
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`)
  const method = discoveryService[options.protocol ?? 'delta']
  const stream: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    metadata,
  )
  const envoy = simulatedEnvoy({ ...options, send: (bytes) => void stream.write(bytes) })
  stream.on('data', (bytes: Buffer) => {
    const delivery = envoy.receive(bytes)
    onDelivery?.(delivery)
    for (const check of waiting) check()
  })
  const waiting = new Set<() => void>()
  // the status says the same and comes always
  stream.on('error', () => {})
  const ended = new Promise<number>((resolve) => {
    stream.on('status', (status) => resolve(status.code))
  })
  return {
    envoy,
    ended,
    until: (fits) =>
      new Promise((resolve) => {
        const check = () => {
          if (!fits(envoy)) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    close() {
      stream.cancel()
      client.close()
    },
  }
}
