/**
 * What it costs to ask: a headers-only verdict against the same connection manager without the filter, and the CPU time
 * of the classifier's front against grpc-js by the book. Every round asks each of them, so that what disturbs the machine
 * disturbs all. Who judges is left out: everything passes at once.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEnvoy } from '../support/envoy.ts'
import { watchOthers } from './dataplane/others.ts'
import { type Contender, contenders, type Running, start } from './ext-proc/contenders.ts'
import { configuration, type Place } from './ext-proc/envoy.ts'
import { hammer, latencies } from './ext-proc/load.ts'
import { type BenchOptions, type Figure, percentile } from './figure.ts'

const firstPort = 24_700
/** Rounds that count: the least disturbed of up to `mostRounds`. */
const wantedRounds = 5
const mostRounds = 15
/** Where others had more of the machine than this, a round says little. */
const quietShare = 0.1
/** Requests one after the other, for the latency of one. */
const alone = 500
/** Requests on so many connections, for the time they cost. */
const crowd = { connections: 16, each: 200 } as const

type Subject = Contender | 'nothing'
type Cost = { readonly p50: number; readonly cpu: number }
type Round = { readonly costs: Readonly<Record<Subject, Cost>>; readonly others: number }
type Bed = { readonly running: ReadonlyMap<Subject, Running>; readonly pids: readonly number[] }

const subjects: readonly Subject[] = ['nothing', ...contenders]
const portOf = (subject: Subject): number => firstPort + subjects.indexOf(subject)

async function measure(subject: Subject, running: Running | undefined): Promise<Cost> {
  const p50 = percentile(await latencies(portOf(subject), alone), 0.5)
  const before = await running?.cpu()
  await hammer(portOf(subject), crowd.each, crowd.connections)
  const used = running === undefined ? 0 : (await running.cpu()) - before!
  return { p50, cpu: used / (crowd.each * crowd.connections) }
}

async function roundOf({ running, pids }: Bed): Promise<Round> {
  const others = watchOthers(pids)
  const costs: [Subject, Cost][] = []
  for (const subject of subjects) costs.push([subject, await measure(subject, running.get(subject))])
  return { costs: Object.fromEntries(costs) as Round['costs'], others: others() }
}

async function quietest(bed: Bed, { say, signal }: BenchOptions): Promise<readonly Round[]> {
  await roundOf(bed) // warm
  const all: Round[] = []
  const quiet = () => all.filter(({ others }) => others <= quietShare).length
  while (all.length < mostRounds && quiet() < wantedRounds) {
    signal.throwIfAborted()
    const round = await roundOf(bed)
    all.push(round)
    const costs = Object.entries(round.costs).map(
      ([name, { p50, cpu }]) => `${name} ${p50.toFixed(0)}/${cpu.toFixed(1)}`,
    )
    say(`p50/CPU in µs: ${costs.join(', ')}; others had ${(round.others * 100).toFixed(0)} % of the machine`)
  }
  return all.sort((a, b) => a.others - b.others).slice(0, wantedRounds)
}

const median = (values: readonly number[]): number => percentile(values, 0.5)

function figures(rounds: readonly Round[]): readonly Figure[] {
  const most = Math.max(...rounds.map(({ others }) => others))
  const doubt = most > quietShare ? { doubt: `others had up to ${(most * 100).toFixed(0)} % of the machine` } : {}
  const best = (of: (it: Round['costs']) => number) => Math.min(...rounds.map(({ costs }) => of(costs)))
  const compared = (value: (it: Round['costs']) => number, peer: (it: Round['costs']) => number, name: string) => ({
    value: best(value),
    peer: { name, value: best(peer), ratio: median(rounds.map(({ costs }) => value(costs) / peer(costs))) },
    unit: 'µs',
    ...doubt,
  })
  const cpu = (contender: Contender) =>
    compared(
      (it) => it[contender].cpu,
      (it) => it['grpc-js'].cpu,
      'grpc-js, proto-loader',
    )
  const latency = (contender: Contender) =>
    compared(
      (it) => it[contender].p50,
      (it) => it.nothing.p50,
      'no filter',
    )
  return [
    { name: 'headers-only verdict, one at a time, p50', ...latency('own'), gate: { of: 'ratio', atMost: 2 } },
    { name: 'the same by node:http2', ...latency('node:http2') },
    { name: 'the same by grpc-js', ...latency('grpc-js') },
    { name: 'CPU of the front for a request', ...cpu('own'), gate: { of: 'ratio', atMost: 0.6 } },
    { name: 'CPU of the front for a request, on node:http2', ...cpu('node:http2') },
  ]
}

export async function run(options: BenchOptions): Promise<readonly Figure[]> {
  await using open = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-ext-proc-'))
  open.defer(() => rmSync(folder, { recursive: true }))
  const started = async (server: Parameters<typeof start>[0]) => {
    const socket = join(folder, server.replace(':', '-'))
    const running = await start(server, socket)
    open.defer(running.stop)
    return { running, socket }
  }
  const app = await started('app')
  const running = new Map<Subject, Running>()
  const places: Place[] = [{ port: portOf('nothing'), socket: undefined, contender: undefined }]
  for (const contender of contenders) {
    const { running: server, socket } = await started(contender)
    running.set(contender, server)
    places.push({ port: portOf(contender), socket, contender })
  }
  const envoy = await startEnvoy(configuration(places, app.socket))
  open.defer(envoy.stop)
  const pids = [envoy.pid, app.running.pid, ...[...running.values()].map(({ pid }) => pid)]
  return figures(await quietest({ running, pids }, options))
}
