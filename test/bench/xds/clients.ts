/**
 * Thousands of simulated sidecars in one process: delta ADS over TLS, one connection each, on bare node:http2 (grpc-js
 * clients would cost more than the server that is measured). Driven over IPC by `../xds.ts`.
 */
import http2 from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ResourceType, resourceTypes } from '../../../xds-server/compile/model.ts'
import { messageType } from '../../../xds-server/envoy/descriptor.ts'
import { encode, type PlainMessage } from '../../../xds-server/envoy/encode.ts'
import { discoveryService } from '../../../xds-server/envoy/services.ts'
import { typeOfUrl, typeUrlOf } from '../../../xds-server/xds/resource-types.ts'
import { extensionsOf, podName, type Shape } from './snapshots.ts'

export type ClientsOrder = {
  readonly kind: 'connect'
  readonly sidecars: number
  readonly port: number
  readonly ca: string
  readonly shape: Shape
}
/** Every response: who, when (monotonic milliseconds of this machine), how long. Sent in batches. */
export type ClientsAnswer = { readonly kind: 'received'; readonly frames: readonly Frame[] }
export type Frame = {
  readonly sidecar: number
  readonly type: ResourceType
  readonly at: number
  readonly bytes: number
}

const frameHeaderBytes = 5
const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6
const responseType = messageType('envoy.service.discovery.v3.DeltaDiscoveryResponse')
const requestType = messageType('envoy.service.discovery.v3.DeltaDiscoveryRequest')
type Response = { type_url: string; nonce: string; resources: { name: string; version: string }[] }

/** Connections under way at once: Envoys of a cluster do not all come in the same millisecond either. */
const maxConnecting = 64
let connecting = 0
const queue: (() => void)[] = []

/** Resolves when it is this one's turn to connect; `leave` lets the next one. */
function enter(): Promise<void> {
  if (connecting >= maxConnecting) return new Promise((resolve) => void queue.push(resolve))
  connecting += 1
  return Promise.resolve()
}
function leave(): void {
  const next = queue.shift()
  if (next) next()
  else connecting -= 1
}

let frames: Frame[] = []
function record(frame: Frame): void {
  if (frames.length === 0)
    setImmediate(() => {
      process.send?.({ kind: 'received', frames } satisfies ClientsAnswer)
      frames = []
    })
  frames.push(frame)
}

function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(frameHeaderBytes + message.length)
  bytes.writeUInt32BE(message.length, 1)
  bytes.set(message, frameHeaderBytes)
  return bytes
}
const request = (fields: PlainMessage) => framed(encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', fields))

/** Cuts a stream of bytes into gRPC messages. */
function createDeframer(onMessage: (message: Buffer) => void) {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk: Buffer) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    while (rest.length >= frameHeaderBytes) {
      const end = frameHeaderBytes + rest.readUInt32BE(1)
      if (rest.length < end) return
      onMessage(rest.subarray(frameHeaderBytes, end))
      rest = rest.subarray(end)
    }
  }
}

async function connect(sidecar: number, order: ClientsOrder, held: Map<string, string>): Promise<void> {
  await enter()
  const session = http2.connect(`https://127.0.0.1:${order.port}`, { ca: order.ca, servername: 'xds.postern' })
  const settled = new Promise<void>((resolve) => {
    session.once('connect', () => resolve())
    session.once('close', resolve)
  })
  void settled.then(leave)
  // close comes after it and is what counts
  session.on('error', () => {})
  session.once('close', () => void sleep(50 + Math.random() * 100).then(() => connect(sidecar, order, held)))
  const stream = session.request({
    ':method': 'POST',
    ':path': discoveryService.delta.path,
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: `Bearer token-${sidecar}`,
  })
  stream.on('error', () => {})
  converse(stream, sidecar, order, held)
}

function converse(
  stream: http2.ClientHttp2Stream,
  sidecar: number,
  { shape }: ClientsOrder,
  held: Map<string, string>,
) {
  stream.on(
    'data',
    createDeframer((message) => {
      const { type_url, nonce, resources } = responseType.decode(message) as unknown as Response
      const type = typeOfUrl(type_url)!
      record({ sidecar, type, at: monotonicMs(), bytes: message.length })
      if (type === 'extension') for (const { name, version } of resources) held.set(name, version)
      // unchecked, because it is most of what this process does
      stream.write(framed(requestType.encode({ type_url, response_nonce: nonce }).finish()))
    }),
  )
  for (const type of resourceTypes) {
    const isExtension = type === 'extension'
    if (isExtension && shape === 'each') continue
    stream.write(
      request({
        ...(type === 'cluster' && { node: { id: podName(sidecar) } }),
        type_url: typeUrlOf(type),
        resource_names_subscribe: isExtension ? extensionsOf(sidecar, shape) : [],
        initial_resource_versions: isExtension ? Object.fromEntries(held) : {},
      }),
    )
  }
}

process.on('message', (order: ClientsOrder) => {
  for (let sidecar = 0; sidecar < order.sidecars; sidecar += 1) void connect(sidecar, order, new Map())
})
process.on('disconnect', () => process.exit(0))
