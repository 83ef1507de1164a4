/** The server through its front door: gRPC streams over TLS. */
import { Client, type ClientDuplexStream, credentials, Metadata, status } from '@grpc/grpc-js'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectEnvoy, type GrpcEnvoy } from '../../test/support/xds/grpc-client.ts'
import { aCompiled, aResource } from '../../test/support/xds/harness.ts'
import type { Delivery } from '../../test/support/xds/simulated-envoy.ts'
import { createAuthority, issueServerCertificate, type KeyPair } from '../envoy/certificates.ts'
import { encode } from '../envoy/encode.ts'
import { createGrpcServer, type GrpcServer } from '../envoy/grpc-server.ts'
import { discoveryService } from '../envoy/services.ts'
import { parseTokens, tokenLine, tokenVerifier, type Verifier } from '../envoy/verifier.ts'
import type { Nack } from './conversation.ts'
import { typeUrlOf } from './resource-types.ts'
import type { Applied } from './rollouts.ts'
import { createXds, type Xds } from './xds.ts'

let authority: KeyPair
let certificate: KeyPair
let server: GrpcServer
let xds: Xds
let registry: Registry
let port: number
let applied: (value: Applied) => void
let nacked: (value: Nack) => void
const clients: { close(): void }[] = []

const table = parseTokens(tokenLine('p1', 'token'))
const tokens = tokenVerifier(() => (table.ok ? table.value : new Map()))
let verifier: Verifier

beforeAll(async () => {
  authority = await createAuthority('test', new Date())
  certificate = await issueServerCertificate(authority, ['localhost'], new Date())
})

beforeEach(async () => {
  registry = new Registry()
  verifier = tokens
  applied = () => {}
  nacked = () => {}
  xds = createXds({
    verifier: { verify: (token, node) => verifier.verify(token, node) },
    log: pino({ level: 'silent' }),
    registry,
    onApplied: (value) => applied(value),
    onNack: (value) => nacked(value),
  })
  server = createGrpcServer(certificate)
  xds.register(server.server)
  port = await server.listen('localhost', 0)
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  xds.close()
  await server.close(0)
})

const world = (listener: string) =>
  aCompiled({ a: [aResource('cluster', 'c', '1'), aResource('listener', 'l', listener, ['r1'])] }, { p1: 'a' })
const nextApplied = () =>
  new Promise<Applied>((resolve) => {
    applied = resolve
  })
const nextNack = () =>
  new Promise<Nack>((resolve) => {
    nacked = resolve
  })

function connect(options: Partial<Parameters<typeof connectEnvoy>[0]> = {}): GrpcEnvoy {
  const client = connectEnvoy({
    address: `localhost:${port}`,
    ca: authority.cert,
    id: 'p1',
    token: 'token',
    ...options,
  })
  clients.push(client)
  return client
}

/** A stream that speaks bytes. */
function rawStream(): { stream: ClientDuplexStream<Buffer, Buffer>; ended: Promise<number> } {
  const client = new Client(`localhost:${port}`, credentials.createSsl(Buffer.from(authority.cert)))
  clients.push(client)
  const metadata = new Metadata()
  metadata.set('authorization', 'Bearer token')
  const { path, requestSerialize, responseDeserialize } = discoveryService.delta
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata)
  stream.on('error', () => {})
  return { stream, ended: new Promise((resolve) => stream.on('status', ({ code }) => resolve(code))) }
}
const request = (fields: Record<string, unknown>) =>
  Buffer.from(encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', fields))

test('a sidecar with its token gets its configuration; people see it', async () => {
  const before = Date.now()
  xds.publish(world('1'))
  const listener = new Promise<Delivery>((resolve) => {
    connect({ onDelivery: (delivery) => delivery.type === 'listener' && resolve(delivery) }).envoy.start([])
  })
  expect((await listener).resources.map(({ name }) => name)).toEqual(['l'])
  const done = nextApplied()
  xds.publish(world('2'))
  expect(await done).toMatchObject({ rules: ['r1'], affected: 1, acked: 1 })
  const [proxy] = xds.proxies()
  expect(proxy).toMatchObject({
    id: 'p1',
    class: 'a',
    version: expect.stringMatching(/^[0-9a-f]{16}$/),
    inSync: true,
    envoyVersion: '1.40.0',
    protocol: 'delta',
    types: { cluster: { acked: 1, pending: 0 }, listener: { acked: 1, pending: 0 } },
    lastNack: undefined,
    lagMs: 0,
  })
  expect(proxy!.connectedSince).toBeGreaterThanOrEqual(before)
  expect(await registry.metrics()).toMatch(/^postern_xds_sidecars 1$/m)
  expect(await registry.metrics()).toMatch(/^postern_xds_response_bytes_total\{type="extension"\} 0$/m)
})

test('a refused resource is a status, a callback and a metric', async () => {
  xds.publish(world('bad'))
  const nack = nextNack()
  const bad = 'l: no'
  connect({ objection: (type) => (type === 'listener' ? 'no' : undefined) }).envoy.start([])
  expect(await nack).toEqual({
    rules: ['r1'],
    message: bad,
    workload: 'p1',
    type: 'listener',
    names: ['l'],
    quarantined: true,
  })
  expect(xds.quarantined()).toMatchObject([{ type: 'listener', name: 'l', rules: ['r1'], message: bad, node: 'p1' }])
  expect(xds.proxies()[0]).toMatchObject({ inSync: false, lastNack: { names: ['l'], message: bad } })
  expect(await registry.metrics()).toMatch(/^postern_xds_refusals_total\{type="listener"\} 1$/m)
})

test.each([
  ['no token', { token: undefined }, status.UNAUTHENTICATED],
  ['an unknown token', { token: 'guess' }, status.UNAUTHENTICATED],
  ["another node's id", { id: 'p2' }, status.PERMISSION_DENIED],
])('%s ends the stream', async (_what, options, code) => {
  xds.publish(world('1'))
  const { token, ...rest } = { token: 'token', ...options } as { token: string | undefined; id?: string }
  const client = connectEnvoy({
    address: `localhost:${port}`,
    ca: authority.cert,
    id: 'p1',
    ...rest,
    ...(token !== undefined && { token }),
  })
  clients.push(client)
  client.envoy.start([])
  expect(await client.ended).toBe(code)
  expect(client.envoy.deliveries).toEqual([])
  expect(xds.proxies()).toEqual([])
})

test.each([
  ['a first request without a node', request({ type_url: typeUrlOf('cluster') })],
  ['a first request without node.id', request({ node: { cluster: 'x' }, type_url: typeUrlOf('cluster') })],
  ['what is no discovery request', Buffer.from('ff'.repeat(9), 'hex')],
  ['an empty type_url', request({ node: { id: 'p1' } })],
])('%s ends the stream with INVALID_ARGUMENT', async (_what, bytes) => {
  const { stream, ended } = rawStream()
  stream.write(bytes)
  expect(await ended).toBe(status.INVALID_ARGUMENT)
})

test('a verifier that can not judge lets nobody in', async () => {
  verifier = { verify: () => Promise.reject(new Error('down')) }
  const client = connect()
  client.envoy.start([])
  expect(await client.ended).toBe(status.UNAVAILABLE)
})

test('requests that arrive while the token is checked are not lost', async () => {
  xds.publish(world('1'))
  let admit = () => {}
  const asked = new Promise<void>((resolve) => {
    verifier = {
      verify: (_token, workload) =>
        new Promise((answer) => {
          admit = () => answer({ ok: true, workload })
          resolve()
        }),
    }
  })
  const listener = new Promise<void>((resolve) => {
    connect({ onDelivery: ({ type }) => type === 'listener' && resolve() }).envoy.start([])
  })
  await asked
  admit()
  await listener
})

test('a stream that does not read is ended before it costs more', async () => {
  const big = 'x'.repeat(9 * 1024 * 1024)
  xds.publish(aCompiled({ a: [aResource('cluster', 'c', '1')] }, { p1: 'a' }))
  const { stream, ended } = rawStream()
  const say = (fields: Record<string, unknown>) => stream.write(request(fields))
  const received = new Promise<void>((resolve) => stream.once('data', () => resolve()))
  say({ node: { id: 'p1' }, type_url: typeUrlOf('cluster') })
  await received
  stream.pause()
  say({ type_url: typeUrlOf('cluster'), response_nonce: '1' })
  say({ type_url: typeUrlOf('listener') })
  const slow = () => registry.metrics().then((text) => text.includes('ended_streams_total{reason="slow"} 1'))
  xds.publish(aCompiled({ a: [aResource('cluster', 'c', '1'), aResource('listener', 'l', big)] }, { p1: 'a' }))
  while (!xds.proxies()[0]?.types.listener?.pending) await new Promise((resolve) => setImmediate(resolve))
  xds.publish(aCompiled({ a: [aResource('cluster', 'c', '2'), aResource('listener', 'l', big)] }, { p1: 'a' }))
  while (!(await slow())) await new Promise((resolve) => setImmediate(resolve))
  expect(xds.proxies()).toEqual([])
  stream.resume()
  expect(await ended).toBe(status.RESOURCE_EXHAUSTED)
})

test('closing ends every stream with UNAVAILABLE, so that Envoys come back, and lets nobody in any more', async () => {
  xds.publish(world('1'))
  const listener = new Promise<GrpcEnvoy>((resolve) => {
    const client = connect({ onDelivery: ({ type }) => type === 'listener' && resolve(client) })
    client.envoy.start([])
  })
  const client = await listener
  xds.close()
  expect(await client.ended).toBe(status.UNAVAILABLE)
  expect(xds.proxies()).toEqual([])
  const late = connect()
  late.envoy.start([])
  expect(await late.ended).toBe(status.UNAVAILABLE)
})
