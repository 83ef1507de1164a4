/**
 * What an edit, a reconnect and a sidecar cost: the gates of the xDS design, with simulated sidecars (delta ADS over TLS)
 * in a process of their own. The peer is the straightforward server: every sidecar has a listener with its rules inside,
 * all of them encoded again at each edit, over the very same transport.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { TlsFiles } from '../../xds-server/envoy/grpc-server.ts'
import { tokenLine } from '../../xds-server/envoy/verifier.ts'
import { anIdentity } from '../support/identity.ts'
import { kill } from '../support/processes.ts'
import { type BenchOptions, type Figure, percentile } from './figure.ts'
import type { ClientsAnswer, ClientsOrder, Frame } from './xds/clients.ts'
import type { ServerAnswer, ServerOrder } from './xds/server.ts'
import { groupSize, podName, type Shape } from './xds/snapshots.ts'

const port = 22_900
const edits = 20
const peerEdits = 5
const folder = join(import.meta.dirname, 'xds')

type Answer<K extends ServerAnswer['kind']> = Extract<ServerAnswer, { kind: K }>
type Bed = {
  readonly options: BenchOptions
  readonly tls: TlsFiles
  readonly ca: string
  readonly children: ChildProcess[]
}

/** A child that ends with the bench, and takes the bench with it where it ends before. */
function start(bed: Bed, file: string): ChildProcess {
  const child = fork(join(folder, file), { serialization: 'advanced' })
  bed.children.push(child)
  return child
}

function answer<K extends ServerAnswer['kind']>(
  bed: Bed,
  server: ChildProcess,
  kind: K,
  fits: (value: Answer<K>) => boolean = () => true,
): Promise<Answer<K>> {
  return new Promise((resolve, reject) => {
    const onMessage = (value: ServerAnswer) => {
      if (value.kind !== kind || !fits(value as Answer<K>)) return
      stopListening()
      resolve(value as Answer<K>)
    }
    const onExit = () => fail(new Error(`the server ended while "${kind}" was waited for`))
    const onAbort = () => fail(bed.options.signal.reason)
    const fail = (error: unknown) => {
      stopListening()
      reject(error)
    }
    const stopListening = () => {
      server.off('message', onMessage)
      server.off('exit', onExit)
      bed.options.signal.removeEventListener('abort', onAbort)
    }
    server.on('message', onMessage)
    server.on('exit', onExit)
    bed.options.signal.addEventListener('abort', onAbort)
  })
}

async function startServer(bed: Bed, sidecars: number, shape: Shape): Promise<ChildProcess> {
  const server = start(bed, 'server.ts')
  const tokens = Array.from({ length: sidecars }, (_, index) => tokenLine(podName(index), `token-${index}`)).join('\n')
  const listening = answer(bed, server, 'listening')
  server.send({ kind: 'start', tls: bed.tls, tokens, port, sidecars, shape } satisfies ServerOrder)
  await listening
  return server
}

async function report(bed: Bed, server: ChildProcess): Promise<Answer<'report'>> {
  const reported = answer(bed, server, 'report')
  server.send({ kind: 'report' } satisfies ServerOrder)
  return reported
}

/** Resolves with the milliseconds until every sidecar has what it is to have. */
async function untilAllInSync(bed: Bed, server: ChildProcess, sidecars: number): Promise<number> {
  const before = performance.now()
  while ((await report(bed, server)).inSync < sidecars) await new Promise((resolve) => setTimeout(resolve, 250))
  return performance.now() - before
}

type Edit = {
  /** From publication to the last frame received. */
  readonly lastMs: number
  readonly cpuMs: number
  readonly frames: readonly Frame[]
}

/** Publishes an edit, waits for the last ACK, and gives what the sidecars saw of it. */
async function edit(
  bed: Bed,
  server: ChildProcess,
  received: Frame[],
  what: 'all' | 'group',
  revision: number,
): Promise<Edit> {
  received.length = 0
  const applied = answer(bed, server, 'applied', (value) => value.applied.affected > 0)
  server.send({ kind: 'edit', what, revision } satisfies ServerOrder)
  const { at, cpuMs, applied: outcome } = await applied
  while (received.length < outcome.affected) await new Promise((resolve) => setTimeout(resolve, 5))
  const frames = [...received]
  return { lastMs: Math.max(...frames.map((frame) => frame.at)) - at, cpuMs, frames }
}

async function series(bed: Bed, server: ChildProcess, received: Frame[], what: 'all' | 'group', count: number) {
  const results: Edit[] = []
  // the first edits warm the code up
  for (let revision = 1; revision <= count + 3; revision += 1) {
    const result = await edit(bed, server, received, what, revision)
    if (revision > 3) results.push(result)
  }
  const cpu = results.map(({ cpuMs }) => cpuMs)
  return {
    results,
    p50: percentile(
      results.map(({ lastMs }) => lastMs),
      0.5,
    ),
    p99: percentile(
      results.map(({ lastMs }) => lastMs),
      0.99,
    ),
    cpu: cpu.reduce((sum, value) => sum + value, 0) / cpu.length,
  }
}

function startClients(bed: Bed, sidecars: number, shape: Shape) {
  const clients = start(bed, 'clients.ts')
  const received: Frame[] = []
  clients.on('message', ({ frames }: ClientsAnswer) => received.push(...frames))
  clients.send({ kind: 'connect', sidecars, port, ca: bed.ca, shape } satisfies ClientsOrder)
  return { clients, received }
}

const atMost = (bound: number) => ({ of: 'value', atMost: bound }) as const

async function measurePostern(bed: Bed, sidecars: number) {
  let server = await startServer(bed, sidecars, 'shared')
  const { clients, received } = startClients(bed, sidecars, 'shared')
  bed.options.say(`${sidecars} sidecars connect`)
  const coldMs = await untilAllInSync(bed, server, sidecars)
  bed.options.say(`${edits} edits that hit all, ${edits} that hit one group`)
  const all = await series(bed, server, received, 'all', edits)
  const group = await series(bed, server, received, 'group', edits)
  const { rssMb } = await report(bed, server)
  bed.options.say('the server is killed, all reconnect')
  await kill(server)
  server = await startServer(bed, sidecars, 'shared')
  // the restarted server has the tables of revision 0, and the sidecars those of the edits: bring them together first
  await untilAllInSync(bed, server, sidecars)
  await kill(server)
  const killed = performance.now()
  server = await startServer(bed, sidecars, 'shared')
  await untilAllInSync(bed, server, sidecars)
  const reconnectMs = performance.now() - killed
  const { extensionBytes } = await report(bed, server)
  await kill(clients)
  await kill(server)
  return { coldMs, all, group, rssMb, reconnectMs, extensionBytes }
}

async function measurePeer(bed: Bed, sidecars: number) {
  const server = await startServer(bed, sidecars, 'each')
  const { clients, received } = startClients(bed, sidecars, 'each')
  bed.options.say('the same with a listener per sidecar')
  await untilAllInSync(bed, server, sidecars)
  const all = await series(bed, server, received, 'all', peerEdits)
  const { rssMb } = await report(bed, server)
  await kill(clients)
  await kill(server)
  return { all, rssMb }
}

type Measured = Awaited<ReturnType<typeof measurePostern>>
type Peer = Awaited<ReturnType<typeof measurePeer>>

/** Bytes one sidecar got beyond the resource, and bytes of sidecars that an edit of one group does not concern. */
function bytesOf({ all, group }: Measured) {
  const bytes = all.results.flatMap(({ frames }) => frames.map((frame) => frame.bytes))
  const concerned = group.results.map(({ frames }) => new Set(frames.map((frame) => frame.sidecar)).size)
  return { perSidecar: Math.max(...bytes), concerned: Math.max(...concerned) }
}

function figuresOf(sidecars: number, measured: Measured, peer: Peer): readonly Figure[] {
  const { all, group, rssMb, reconnectMs, coldMs, extensionBytes } = measured
  const { perSidecar, concerned } = bytesOf(measured)
  const against = (value: number) => ({ name: 'a listener per sidecar', value })
  const n = `${sidecars} sidecars`
  return [
    {
      name: `edit that hits all ${n}: to the last frame, p50`,
      value: all.p50,
      unit: 'ms',
      peer: against(peer.all.p50),
    },
    { name: `edit that hits all ${n}: to the last frame, p99`, value: all.p99, unit: 'ms', gate: atMost(250) },
    {
      name: `edit that hits all ${n}: CPU`,
      value: all.cpu,
      unit: 'ms',
      peer: against(peer.all.cpu),
      gate: atMost(200),
    },
    { name: `edit that hits all ${n}: bytes a sidecar`, value: perSidecar, unit: 'B' },
    { name: `edit of one group of ${groupSize} of ${n}: CPU`, value: group.cpu, unit: 'ms', gate: atMost(15) },
    { name: `edit of one group of ${groupSize} of ${n}: to the last frame, p99`, value: group.p99, unit: 'ms' },
    {
      name: `edit of one group of ${groupSize} of ${n}: sidecars that get a byte`,
      value: concerned,
      unit: '',
      gate: atMost(groupSize),
    },
    { name: `memory of the server with ${n}`, value: rssMb, unit: 'MB', peer: against(peer.rssMb), gate: atMost(600) },
    { name: `${n} connect for the first time`, value: coldMs / 1000, unit: 's' },
    { name: `${n} reconnect after kill -9`, value: reconnectMs / 1000, unit: 's', gate: atMost(15) },
    { name: `policy bytes sent again to ${n} after kill -9`, value: extensionBytes, unit: 'B', gate: atMost(0) },
  ]
}

export async function run(options: BenchOptions): Promise<readonly Figure[]> {
  const bed: Bed = { options, ...(await anIdentity('xds.postern')), children: [] }
  try {
    const measured = await measurePostern(bed, options.sidecars)
    const peer = await measurePeer(bed, options.sidecars)
    return figuresOf(options.sidecars, measured, peer)
  } finally {
    await Promise.all(bed.children.map(kill))
  }
}
