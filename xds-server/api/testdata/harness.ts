/** A control plane for tests: the real API on a real socket, a real store and directory; what sidecars say is given. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { RequestListener, Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { aWorkload } from '../../../test/support/builders.ts'
import type { EventFilter } from '../../observe/event-store.ts'
import type { Conversation, PosternEvent } from '../../observe/model.ts'
import { noTraffic } from '../../observe/own-events.ts'
import { directory } from '../../policy/directory.ts'
import type { Inventory, Policy } from '../../policy/model.ts'
import type { AnyWrite } from '../../store/model.ts'
import { openStore, type SqliteStore } from '../../store/sqlite.ts'
import type { Backend } from '../backend.ts'
import { inspectionFeed, type InspectionFeed } from '../inspection-feed.ts'
import { storedPolicy } from '../../store/policy.ts'
import { listenOnSocket } from '../listen.ts'
import { createApi } from '../server.ts'

/** Every clock in these tests. */
export const someMoment = Date.parse('2026-03-01T12:00:00.000Z')

/** `ui` → `appserver` → `db` in namespace yelb, two `ubuntu` pods, and `legacy` without a sidecar. */
export const yelb: Inventory = {
  workloads: [
    aWorkload('ui', { ips: ['10.42.0.10'] }),
    aWorkload('appserver', { ips: ['10.42.0.11'] }),
    aWorkload('db', { ips: ['10.42.0.12'] }),
    aWorkload('ubuntu-1', { ips: ['10.42.0.21'], namespace: 'default', owner: { kind: 'Deployment', name: 'ubuntu' } }),
    aWorkload('ubuntu-2', { ips: ['10.42.0.22'], namespace: 'default', owner: { kind: 'Deployment', name: 'ubuntu' } }),
    aWorkload('legacy', { ips: ['10.42.0.30'], namespace: 'default', managed: false }),
  ],
  namespaces: [
    { name: 'yelb', labels: {} },
    { name: 'default', labels: {} },
  ],
  nodes: [{ name: 'node-1', ips: ['10.0.0.1'] }],
  podCidrs: ['10.42.0.0/16'],
  dnsServers: ['10.42.0.2'],
  resolved: {},
}

/** What the other parts of the control plane would say. */
export type Said = Partial<
  Pick<Backend, 'hits' | 'proxies' | 'compileStatus' | 'health' | 'recordedFlows' | 'conversations' | 'checkSensor'>
> & { readonly events?: readonly PosternEvent[]; readonly policy?: Partial<Policy>; readonly inventory?: Inventory }

export type ControlPlane = {
  readonly socket: string
  readonly store: SqliteStore
  readonly inspection: InspectionFeed
  readonly errors: readonly unknown[]
  /** Done once, just before the next request that writes is served: somebody else was faster. */
  readonly beforeWrite: (meddle: () => void) => void
  readonly close: () => Promise<void>
}

const nothing = { hits: () => new Map(), proxies: () => [], compileStatus: () => [], health: () => [], checkSensor: () => [] }

export async function controlPlane(said: Said = {}): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-api-'))
  const errors: unknown[] = []
  const store = openStore({ path: ':memory:', now: () => someMoment, onWatcherError: (error) => errors.push(error) })
  const { events = [], inventory = yelb, policy = {}, ...rest } = said
  begin(store, policy)
  const inspection = inspectionFeed()
  const backend: Backend = {
    ...nothing,
    recordedFlows: () => [],
    conversations: () => [],
    ...rest,
    events: (filter) => eventsThatFit(events, filter),
    store,
    directory: () => directory({ inventory, policy: storedPolicy(store) }),
    inspectionSet: inspection.present,
    watchInspectionSet: inspection.watch,
    now: () => someMoment,
  }
  const app = createApi({ backend, registry: new Registry(), onError: (error) => errors.push(error) })
  let meddler: (() => void) | undefined
  const listener: RequestListener = (request, response) => {
    const meddle = request.method === 'GET' ? undefined : meddler
    if (meddle !== undefined) meddler = undefined
    meddle?.()
    app(request, response)
  }
  const socket = join(folder, 'api.sock')
  const server = await listenOnSocket(listener, socket)
  const beforeWrite = (meddle: () => void) => {
    meddler = meddle
  }
  return { socket, store, inspection, errors, beforeWrite, close: () => stop(server, store, folder) }
}

/** The given documents are revision 2; the others are what a first start has, at revision 1. */
function begin(store: SqliteStore, policy: Partial<Policy>): void {
  const by = { base: 1, author: 'test', summary: 'given' }
  store.writeAll(Object.entries(policy).map(([document, value]) => ({ document, value, ...by }) as AnyWrite))
}

function eventsThatFit(events: readonly PosternEvent[], { kind, incident, limit }: EventFilter): readonly PosternEvent[] {
  const fits = (e: PosternEvent) =>
    (kind === undefined || e.kind === kind) && (incident === undefined || e.incident === incident)
  return events.filter(fits).slice(0, limit)
}

async function stop(server: Server, store: SqliteStore, folder: string): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  store.close()
  rmSync(folder, { recursive: true })
}

export function aConversation(source: string, destination: string, over: Partial<Conversation> = {}): Conversation {
  return {
    source,
    destination,
    protocol: 'tcp',
    port: 80,
    application: 'http',
    verdict: 'allow',
    rule: 'default',
    mode: 'discover',
    connections: 1,
    requests: 0,
    bytesReceived: 0,
    bytesSent: 0,
    firstSeen: someMoment - 60_000,
    lastSeen: someMoment - 5_000,
    evidence: { sourceIps: [], destinationIps: [], requests: {} },
    ...over,
  }
}

export function anEvent(id: number, over: Partial<PosternEvent> = {}): PosternEvent {
  return {
    id,
    kind: 'violation',
    severity: 'medium',
    time: someMoment - 60_000,
    lastTime: someMoment - 30_000,
    count: 1,
    message: 'no rule allows it',
    ...noTraffic,
    ...over,
  }
}
