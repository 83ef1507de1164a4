/**
 * A real Envoy's access logs, all the way into conversations: thousands of connections that are opened and closed at
 * once lose nothing and count once. Only loopback, only ports 24000-24999.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pino from 'pino'
import { Registry } from 'prom-client'
import { afterEach, expect, test } from 'vitest'
import { tcpLog } from '../../xds-server/compile/access-logs.ts'
import { bootstrap } from '../../xds-server/compile/bootstrap.ts'
import { createAuthority, issueServerCertificate } from '../../xds-server/envoy/certificates.ts'
import { createGrpcServer } from '../../xds-server/envoy/grpc-server.ts'
import { parseTokens, tokenLine, tokenVerifier } from '../../xds-server/envoy/verifier.ts'
import { createAccessLogService } from '../../xds-server/observe/access-log-service.ts'
import { createObserver, type Observer } from '../../xds-server/observe/observer.ts'
import { directory } from '../../xds-server/policy/directory.ts'
import { openStore } from '../../xds-server/store/sqlite.ts'
import { aWorkload, aWorld } from '../support/builders.ts'

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
  const authority = await createAuthority('test', new Date())
  const store = openStore({ path: ':memory:', now: Date.now, onWatcherError: () => {} })
  const world = aWorld({ workloads: [aWorkload('db', { ips: ['127.0.0.1'] })] })
  const present = directory(world)
  const log = pino({ level: 'silent' })
  const observer = createObserver({ store, path: ':memory:', directory: () => present, log, registry: new Registry() })
  const tokens = parseTokens(tokenLine('db', 'secret'))
  const verifier = tokenVerifier(() => (tokens.ok ? tokens.value : new Map()))
  const service = createAccessLogService({
    verifier,
    onRecords: observer.accept,
    metrics: observer.metrics,
    log,
    now: Date.now,
  })
  const server = createGrpcServer(await issueServerCertificate(authority, ['control-plane'], new Date()))
  service.register(server.server)
  await server.listen('127.0.0.1', ports.controlPlane)
  closers.push(
    () => store.close(),
    observer.close,
    () => server.close(0),
  )
  return { observer, ca: authority.cert }
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
function configuration(ca: string, adminSocket: string): object {
  const controlPlane = { host: '127.0.0.1', port: ports.controlPlane, serverName: 'control-plane', ca }
  const base = bootstrap({ nodeId: 'db', token: 'secret', controlPlane, adminSocket })
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
  const folder = mkdtempSync(join(tmpdir(), 'postern-als-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'envoy.json')
  writeFileSync(file, JSON.stringify(configuration(ca, join(folder, 'admin.sock'))))
  const envoy = execFileSync('bash', ['scripts/envoy.sh'], { encoding: 'utf8' }).trim()
  const child = spawn(envoy, ['-c', file, '--concurrency', '2', '--disable-hot-restart'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  closers.push(async () => {
    if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
  })
  const said: string[] = []
  const lines = createInterface({ input: child.stderr })
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(said.slice(-10).join('\n'))))
    lines.on('line', (line) => {
      said.push(line)
      if (line.includes('starting main dispatch loop')) resolve()
    })
  })
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

/** The counted conversation once its ends have arrived. */
async function until(observer: Observer, count: number) {
  for (;;) {
    const [conversation] = observer.conversations()
    if ((conversation?.bytesSent ?? 0) >= count * payload.length) return conversation
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('5,000 connections that are opened and closed at once are 5,000 connections with all their bytes', async () => {
  const { observer, ca } = await observing()
  await anApp()
  await aSidecar(ca)
  await Promise.all(Array.from({ length: atOnce }, () => worker(connections / atOnce)))
  const conversation = await until(observer, connections)
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
  let seen = observer.conversations()
  while (seen.length === 0) {
    await new Promise((resolve) => setImmediate(resolve))
    seen = observer.conversations()
  }
  expect(seen.map((c) => [c.connections, c.bytesReceived, socket.destroyed])).toEqual([[1, 0, false]])
  socket.destroy()
})
