/**
 * A real Envoy's access logs, all the way into conversations: thousands of connections that are opened and closed at
 * once lose nothing and count once. Only loopback, only ports 24000-24999.
 */
import { once } from 'node:events'
import { createServer, connect as dial } from 'node:net'
import pino from 'pino'
import { Registry } from 'prom-client'
import { afterEach, expect, test } from 'vitest'
import { tcpLog } from '../../xds-server/compile/access-logs.ts'
import { bootstrap } from '../../xds-server/compile/bootstrap.ts'
import { createGrpcServer } from '../../xds-server/envoy/grpc-server.ts'
import { tokenLine } from '../../xds-server/envoy/verifier.ts'
import { createAccessLogService } from '../../xds-server/observe/access-log-service.ts'
import { createObserver, type Observer } from '../../xds-server/observe/observer.ts'
import { directory } from '../../xds-server/policy/directory.ts'
import { openStore } from '../../xds-server/store/sqlite.ts'
import { aWorkload, aWorld } from '../support/builders.ts'
import { startEnvoy } from '../support/envoy.ts'
import { eventually } from '../support/eventually.ts'
import { anIdentity, verifierOf } from '../support/identity.ts'

const ports = { controlPlane: 24_010, sidecar: 24_080, app: 24_090 } as const
const connections = 5_000
const atOnce = 100
const payload = 'ping'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** The control plane's observing half, for a workload `db` that is 127.0.0.1. */
async function observing(): Promise<{ observer: Observer; ca: string }> {
  const { tls, ca } = await anIdentity('control-plane')
  const store = openStore({ path: ':memory:', now: Date.now, onWatcherError: () => {} })
  const world = aWorld({ workloads: [aWorkload('db', { ips: ['127.0.0.1'] })] })
  const present = directory(world)
  const log = pino({ level: 'silent' })
  const observer = createObserver({ store, path: ':memory:', directory: () => present, log, registry: new Registry() })
  const service = createAccessLogService({
    verifier: verifierOf(tokenLine('db', 'secret')),
    onRecords: observer.accept,
    metrics: observer.metrics,
    log,
    now: Date.now,
  })
  const server = createGrpcServer(tls)
  service.register(server.server)
  await server.listen('127.0.0.1', ports.controlPlane)
  closers.push(
    () => store.close(),
    observer.close,
    () => server.close(0),
  )
  return { observer, ca }
}

/** Echoes and closes. */
async function anApp(): Promise<void> {
  const server = createServer((socket) => {
    socket.on('data', (data) => socket.end(data)).on('error', () => {})
  }).listen(ports.app, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
}

const anyConfig = (name: string, type: string, config: object) => ({
  name,
  typed_config: { '@type': `type.googleapis.com/${type}`, ...config },
})
const address = (port: number) => ({ address: { socket_address: { address: '127.0.0.1', port_value: port } } })

/** The sidecar's real bootstrap and log, around one static listener. */
function configuration(ca: string): object {
  const controlPlane = { host: '127.0.0.1', port: ports.controlPlane, serverName: 'control-plane', ca }
  const base = bootstrap({ nodeId: 'db', token: 'secret', controlPlane, adminSocket: '' })
  const {
    static_resources: fixed,
    dynamic_resources: _,
    ...rest
  } = base as { static_resources: { clusters: object[] } } & Record<string, unknown>
  const proxy = anyConfig('tcp', 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
    stat_prefix: 'tcp',
    cluster: 'app',
    access_log: [tcpLog('in', false)],
    access_log_options: { flush_access_log_on_connected: true, flush_access_log_on_start: true },
  })
  const endpoints = [{ lb_endpoints: [{ endpoint: address(ports.app) }] }]
  const app = {
    name: 'app',
    type: 'STATIC',
    connect_timeout: '5s',
    load_assignment: { cluster_name: 'app', endpoints },
  }
  const listener = { name: 'in', ...address(ports.sidecar), filter_chains: [{ filters: [proxy] }] }
  return { ...rest, static_resources: { ...fixed, clusters: [...fixed.clusters, app], listeners: [listener] } }
}

async function aSidecar(ca: string): Promise<void> {
  closers.push((await startEnvoy(configuration(ca))).stop)
}

/** Opens, says a word, hears it back, closes. */
async function oneConnection(): Promise<void> {
  const socket = dial(ports.sidecar, '127.0.0.1', () => socket.write(payload))
  socket.resume()
  await once(socket, 'close')
}

async function worker(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await oneConnection()
}

test('5,000 connections that are opened and closed at once are 5,000 connections with all their bytes', async () => {
  const { observer, ca } = await observing()
  await anApp()
  await aSidecar(ca)
  await Promise.all(Array.from({ length: atOnce }, () => worker(connections / atOnce)))
  const conversation = await eventually('the end of all of them', () => {
    const [seen] = observer.conversations()
    return (seen?.bytesSent ?? 0) >= connections * payload.length && seen
  })
  expect(conversation).toMatchObject({
    source: 'nv.db.yelb',
    destination: 'nv.db.yelb',
    port: ports.sidecar,
    connections,
    bytesReceived: connections * payload.length,
    bytesSent: connections * payload.length,
  })
  expect(observer.conversations()).toHaveLength(1)
})

test('an open connection is seen before it ends', async () => {
  const { observer, ca } = await observing()
  await anApp()
  await aSidecar(ca)
  const socket = dial(ports.sidecar, '127.0.0.1')
  await once(socket, 'connect')
  const seen = await eventually('it to be seen', () => observer.conversations()[0])
  expect([seen.connections, seen.bytesReceived, socket.destroyed]).toEqual([1, 0, false])
  socket.destroy()
})
