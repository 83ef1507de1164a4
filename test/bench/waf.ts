/** The WAF against libmodsecurity: the same rules, the same requests, process CPU, turn by turn in one run. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { testData } from '../../classifier/testdata.ts'
import { baseRules } from '../../classifier/waf/base.ts'
import { createEngine, type Engine } from '../../classifier/waf/engine/evaluate.ts'
import { loadRules } from '../../classifier/waf/seclang/load.ts'
import { randomness } from '../support/random.ts'
import type { BenchOptions, Figure, Gate } from './figure.ts'
import { adversaries } from './waf/adversarial.ts'
import { benignGet, type Exchange, form10k, json2k } from './waf/requests.ts'

type Load = { readonly name: string; readonly make: (next: () => number) => Exchange; readonly gate: Gate }

const loads: readonly Load[] = [
  { name: 'benign GET with response, CRS PL1', make: benignGet, gate: { of: 'ratio', atMost: 1 / 5 } },
  { name: '2 KB JSON body, CRS PL1', make: json2k, gate: { of: 'ratio', atMost: 1 / 8 } },
  { name: '10 KB form value, CRS PL1', make: form10k, gate: { of: 'ratio', atMost: 1 / 8 } },
]
const rounds = 5
const perRound = 200
/** The first rounds compile patterns (V8, and libmodsecurity's JIT): they are not counted. */
const warmUps = 6

export async function run({ say, signal }: BenchOptions): Promise<readonly Figure[]> {
  const crs = testData('crs')
  if (crs === undefined) throw new Error('there is no CRS (CRS_DIR, ../shared/data/crs)')
  const before = megabytes()
  const [engine, loading] = timed(() => loaded(crs))
  const [, warming] = timed(() => engine.warm())
  const figures: Figure[] = [
    { name: 'load CRS', value: loading, unit: 'ms CPU' },
    { name: 'warm()', value: warming, unit: 'ms CPU' },
    ...firstRequests(engine),
  ]
  await using peer = await startPeer(crs, signal)
  for (const load of loads) figures.push(await compared(load, engine, peer, say))
  const grown = { name: 'RSS of an engine after use', value: megabytes() - before, unit: 'MB' }
  for (const { name, value, unit } of [...figures.slice(0, 2), grown]) say(`${name}: ${value} ${unit}`)
  return [...figures, grown, ...adversarial(engine, say)]
}

const megabytes = (): number => Math.round(process.memoryUsage.rss() / 1e6)

/** With milliseconds of CPU. */
function timed<T>(what: () => T): readonly [T, number] {
  const before = process.cpuUsage()
  const made = what()
  const { user, system } = process.cpuUsage(before)
  return [made, Math.round((user + system) / 1000)]
}

function loaded(crs: string): Engine {
  const rules = loadRules([crs], { before: [baseRules] })
  if (!rules.ok) throw new Error(`CRS can not be loaded: ${rules.problems[0]!.message}`)
  return createEngine(rules.value)
}

async function compared(
  { name, make, gate }: Load,
  engine: Engine,
  peer: Peer,
  say: BenchOptions['say'],
): Promise<Figure> {
  const next = randomness(4711)
  let [ours, theirs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let round = -warmUps; round < rounds; round += 1) {
    const exchanges = Array.from({ length: perRound }, () => make(next))
    const mine = cpu(engine, exchanges)
    const others = await peer.judge(exchanges)
    say(`${name}: ${micro(mine)} µs, libmodsecurity ${micro(others)} µs`)
    if (round >= 0) [ours, theirs] = [Math.min(ours, mine), Math.min(theirs, others)]
  }
  const unit = 'µs CPU'
  return { name, value: micro(ours), unit, peer: { name: 'libmodsecurity 3.0.15', value: micro(theirs) }, gate }
}

const micro = (seconds: number): number => Math.round((seconds * 1e7) / perRound) / 10

function cpu(engine: Engine, exchanges: readonly Exchange[]): number {
  const before = process.cpuUsage()
  for (const { request, response } of exchanges) engine.evaluate(request, response)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Of the first requests after `warm()`, before anything else has run: what a rollout would show its users. */
function firstRequests(engine: Engine): readonly Figure[] {
  return loads.map(({ name, make }) => ({
    name: `first: ${name}`,
    value: Math.round(cpu(engine, [make(randomness(42))]) * 1e6),
    unit: 'µs CPU',
  }))
}

const adversarialBytes = 64 * 1024

/** Each adversary three times: the first may teach the engine something, the best is what it goes on costing. */
function adversarial(engine: Engine, say: BenchOptions['say']): readonly Figure[] {
  const rows = adversaries.map(({ name, of }) => {
    const request = of(adversarialBytes)
    const times = [1, 2, 3].map(() => cpu(engine, [{ request }]) * 1000)
    return { name, first: times[0]!, best: Math.min(...times) }
  })
  for (const { name, first, best } of rows.toSorted((a, b) => b.best - a.best).slice(0, 20))
    say(`${best.toFixed(1).padStart(7)} ms, the first time ${first.toFixed(1).padStart(7)} ms: ${name}`)
  const worst = (values: readonly number[]): number => Math.round(10 * Math.max(...values)) / 10
  const gate: Gate = { of: 'value', atMost: 250 }
  const unit = 'ms CPU'
  return [
    {
      name: `worst of ${rows.length} adversaries, 64 KB, CRS PL1`,
      value: worst(rows.map((row) => row.best)),
      unit,
      gate,
    },
    { name: 'worst adversary, the first time', value: worst(rows.map((row) => row.first)), unit, gate },
  ]
}

type Peer = AsyncDisposable & {
  /** CPU seconds. */
  readonly judge: (exchanges: readonly Exchange[]) => Promise<number>
}

async function startPeer(crs: string, signal: AbortSignal): Promise<Peer> {
  const library = execFileSync('bash', ['scripts/libmodsecurity.sh'], { encoding: 'utf8' }).trim()
  const env = { ...process.env, PYTHONPATH: library }
  const child = spawn('python3', [join(import.meta.dirname, 'waf/peer.py')], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
    signal,
  })
  child.on('error', () => {}) // an abort; whoever waits for a line sees the end of the stream
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const ask = async (question: unknown): Promise<{ seconds: number }> => {
    child.stdin.write(`${JSON.stringify(question)}\n`)
    const answer = await lines.next()
    if (answer.done) throw new Error('libmodsecurity ended')
    return JSON.parse(answer.value)
  }
  await ask({ rules: [{ text: baseRules.text }, ...filesOf(crs).map((file) => ({ file }))] })
  return {
    judge: async (exchanges) =>
      (await ask({ requests: exchanges.map(({ request, response }) => ({ ...request, response })) })).seconds,
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

const filesOf = (crs: string): readonly string[] => [
  join(crs, 'crs-setup.conf.example'),
  ...readdirSync(join(crs, 'rules'))
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .map((name) => join(crs, 'rules', name)),
]
