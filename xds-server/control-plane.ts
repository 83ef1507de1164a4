/**
 * The control plane in one process: the wiring, top to bottom as the data flows.
 *
 * Promises: sidecars are answered only once a whole World was built; nothing that fails here takes a good configuration
 * from a sidecar; a start that fails leaves nothing open. Everything it says of itself is in `/readyz`, `/metrics`, the
 * log and events.
 */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import express from 'express'
import pino, { type Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { buildSniffer } from '../classifier/sniffer/build.ts'
import { type HealthOptions, health } from './api/health.ts'
import { inspectionFeed } from './api/inspection-feed.ts'
import { listenOnSocket } from './api/listen.ts'
import { createApi } from './api/server.ts'
import { backendOf, type Troubles } from './backend.ts'
import { type ClassifierPlace, classifierOf } from './classifier.ts'
import { createGrpcServer } from './envoy/grpc-server.ts'
import { tokenVerifier } from './envoy/verifier.ts'
import { type ClassifierHealth, classifierEvent } from './inspection-health.ts'
import { lingering } from './inspection-set.ts'
import { introduction } from './introduction.ts'
import { watchInventory } from './kubernetes/inventory.ts'
import { tokenFile } from './kubernetes/token-file.ts'
import { nackEvent } from './nack-event.ts'
import { createAccessLogService } from './observe/access-log-service.ts'
import { createObserver } from './observe/observer.ts'
import { type Directory, directory as directoryOf } from './policy/directory.ts'
import { promoter } from './promoter.ts'
import { openStore, type SqliteStore } from './store/sqlite.ts'
import { serverTls } from './tls.ts'
import { policyOf, worldLoop } from './world.ts'
import type { Nack } from './xds/conversation.ts'
import { createXds } from './xds/xds.ts'

type Address = { readonly host: string; readonly port: number }

export type ControlPlaneOptions = {
  /** Policy, history and certificates; made with mode 0700 where missing. */
  readonly data: string
  readonly inventory: string
  readonly tokens: string
  /** For sidecars: gRPC over TLS. */
  readonly listen: Address
  /** Plain HTTP `/metrics` and `/healthz`, where wanted; only loopback is taken. */
  readonly metrics?: Address
  /** Who looks into HTTP for sensors; undefined: nobody does. */
  readonly classifier?: ClassifierPlace
  /** The API's unix socket. */
  readonly socket: string
  /** Default: JSON lines on stdout. */
  readonly log?: Logger
}

export type ControlPlane = {
  /** Ends everything that `start` began; the process may go on. */
  close(): Promise<void>
}

/** Streams that are ending may take this long; Envoys go on with what they have and come back. */
const closeGraceMs = 2_000

/** Resolves when sidecars are served. Rejects where a part can not be had: a database, a socket, a port. */
export async function start(options: ControlPlaneOptions): Promise<ControlPlane> {
  // what is open, closed in the opposite order
  await using open = new AsyncDisposableStack()
  const log = options.log ?? pino({ name: 'postern', base: null, timestamp: pino.stdTimeFunctions.isoTime })
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'postern_' })
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  let troubles: Troubles = { inventory: [], world: '' }
  let serving = false

  // what people decided
  const onWatcherError = (err: unknown) => log.error({ err }, 'a store watcher failed')
  const store = openStore({ path: join(options.data, 'policy.db'), now: Date.now, onWatcherError })
  open.defer(() => store.close())

  // ④ snapshots to sidecars, and what they say of them
  const tokens = tokenFile(options.tokens, (problems) => log.error({ problems }, 'token file refused'))
  const verifier = tokenVerifier(tokens)
  const onNack = (nack: Nack) => observer.events.record(nackEvent(nack, Date.now()))
  const xds = createXds({ verifier, log: log.child({ part: 'xds' }), registry, onNack })
  open.defer(() => xds.close())

  // what classifiers are told, and whether there is one that answers
  const inspection = inspectionFeed()
  const withLingering = lingering(Date.now)
  const onChange = (health: ClassifierHealth) => {
    log[health.healthy ? 'info' : 'error']({ detail: health.detail }, 'classifier')
    world.rebuild()
  }
  const onNews = (health: ClassifierHealth) => observer.events.record(classifierEvent(health, Date.now()))
  const { classifier: place, data } = options
  const classifier = place && classifierOf({ place, data, registry, onChange, onNews })
  if (classifier) open.defer(() => classifier.health.close())
  const toSidecars = introduction({ knows: (profile) => classifier?.knows(profile), publish: xds.publish })
  open.defer(() => toSidecars.close())

  // ② ③ inventory and policy → World → resources
  const sniffer = Buffer.from((await buildSniffer()).wasm).toString('base64')
  const world = worldLoop({
    store,
    compile: () => ({ sniffer, ipv6: true, ...(classifier && { classifier: classifier.asked() }) }),
    onBuilt({ compiled, ms }) {
      troubles = { ...troubles, world: '' }
      // before sidecars ask by it
      inspection.publish(withLingering(compiled.inspection))
      toSidecars.offer(compiled)
      log.debug({ classes: compiled.classes.size, ms: Math.round(ms) }, 'World built')
    },
    onFailed(err) {
      troubles = { ...troubles, world: (err as Error).message }
      log.error({ err }, 'the World can not be built; the last one stays in force')
    },
  })
  open.defer(() => world.close())
  const directory = () => world.built()?.directory ?? emptyDirectory(store)

  // ⑤ what the sidecars saw
  const observed = { store, path: join(options.data, 'observed.db'), directory, registry }
  const observer = createObserver({ ...observed, log: log.child({ part: 'observe' }) })
  open.defer(() => observer.close())
  const onRecords = observer.accept
  const accessLogs = createAccessLogService({ verifier, onRecords, metrics: observer.metrics, log, now: Date.now })
  const onLookFailed = (err: unknown) => log.error({ err }, 'auto-promotion failed; it tries again')
  open.defer(promoter({ store, directory, conversations: observer.conversations, onFailed: onLookFailed }))

  // ⑥ people
  const state = { troubles: () => troubles, serving: () => serving, classifier: () => classifier?.health.now() }
  const backend = backendOf({ store, observer, xds, world, directory, inspection, ...state })
  const onError = (err: unknown, request: object) => log.error({ err, request }, 'an API request failed')
  open.adopt(await listenOnSocket(createApi({ backend, registry, onError }), options.socket), closed)
  const checks = () => backend.health()
  if (options.metrics) open.adopt(await serveMetrics(options.metrics, { registry, checks }), closed)

  // ① what is there: the first World, and only then the door for sidecars
  await classifier?.health.ask()
  const stopping = new AbortController()
  open.defer(() => stopping.abort())
  await watchInventory(options.inventory, {
    signal: stopping.signal,
    onReading(reading) {
      troubles = { ...troubles, inventory: reading.ok ? [] : reading.problems }
      if (reading.ok) world.setInventory(reading.value)
      else log.error({ problems: reading.problems }, 'inventory refused; the last one stays in force')
    },
  })
  const grpc = createGrpcServer(await serverTls(options.data, new Date()))
  for (const service of [xds, accessLogs]) service.register(grpc.server)
  await world.first
  classifier?.health.begin()
  await grpc.listen(options.listen.host, options.listen.port)
  open.defer(() => grpc.close(closeGraceMs))
  // first: a stream that was ended needs no grace
  open.defer(() => xds.close())
  serving = true
  log.info({ listen: options.listen, socket: options.socket }, 'serving sidecars')

  const running = open.move()
  return { close: () => running.disposeAsync() }
}

/** What is asked before the first inventory is there: a cluster of nothing. */
function emptyDirectory(store: SqliteStore): Directory {
  const inventory = { workloads: [], namespaces: [], nodes: [], podCidrs: [], dnsServers: [], resolved: {} }
  return directoryOf({ inventory, policy: policyOf(store) })
}

/** Plain HTTP without authentication: never for more than this machine. */
async function serveMetrics({ host, port }: Address, options: HealthOptions): Promise<Server> {
  if (!['127.0.0.1', '[::1]', 'localhost'].includes(host)) throw new Error(`--metrics ${host}: only loopback is taken`)
  const server = createServer(express().disable('x-powered-by').use(health(options)))
  server.listen(port, host.replace(/[[\]]/g, ''))
  await once(server, 'listening')
  return server
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
