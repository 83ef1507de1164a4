/**
 * What a sidecar costs the traffic through it: the same apps behind nothing, a plain proxy, and ours with 50 rules on
 * the port. Every round asks each of them once, so that what disturbs the machine disturbs all, and the half of the
 * rounds in which others took most of it is left out. The plain proxy has a twin: how far the ratio of the two is from
 * 1 is what a run can not tell apart.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSniffer } from '../../classifier/sniffer/build.ts'
import { startApps } from './dataplane/apps.ts'
import { type Load, loads, type Outcome } from './dataplane/loads.ts'
import { watchOthers } from './dataplane/others.ts'
import { plainProxy } from './dataplane/plain.ts'
import { compiledFor, rulesOnPort } from './dataplane/worlds.ts'
import { type BenchOptions, type Figure, type Gate, percentile } from './figure.ts'
import { type ControlPlane, startControlPlane } from './sidecars/control-plane.ts'
import { cpuMs, type Envoy, findEnvoy, type Kitchen, redirect, startPlain, startSidecar } from './sidecars/envoy.ts'
import { makePlaces } from './sidecars/places.ts'

/** Many short ones. wrk counts in whole seconds. */
const rounds: Readonly<Record<Load['app'], number>> = { redis: 10, web: 6 }
const secondsPerRun = 0.3

const variants = ['direct', 'plain', 'twin', 'sniffed', 'pinned'] as const
type Variant = (typeof variants)[number]

type Contender = { readonly variant: Variant; readonly address: string; readonly envoy: Envoy | undefined }
type Sample = Outcome & {
  /** Of the proxy, for one request, in microseconds. */
  readonly cpu: number
}

const titles: Readonly<Record<Load['app'], Partial<Readonly<Record<Variant, string>>>>> = {
  redis: {
    direct: 'direct',
    plain: 'plain tcp_proxy',
    twin: 'its twin',
    sniffed: `sniffer + RBAC (${rulesOnPort} rules)`,
    pinned: `pinned + RBAC (${rulesOnPort} rules)`,
  },
  web: {
    direct: 'direct',
    plain: 'plain HCM',
    twin: 'its twin',
    sniffed: `our HCM + RBAC (${rulesOnPort} rules)`,
  },
}

/** Issue 3. */
const gates: Partial<Readonly<Record<Variant, Gate>>> = {
  sniffed: { of: 'ratio', atLeast: 0.9 },
  pinned: { of: 'ratio', atLeast: 0.95 },
}

// ---------------------------------------------------------------- setting up

async function startEnvoy(variant: Variant, kitchen: Kitchen, controlPlane: ControlPlane, sniffer: string) {
  if (variant === 'direct') return undefined
  await redirect(kitchen, variant)
  if (variant === 'plain' || variant === 'twin') return startPlain(kitchen, variant, plainProxy)
  const { places } = kitchen
  const pod = { name: variant, ip: places.addressOf(variant) }
  const client = { name: 'client', ip: places.hubFor(variant) }
  const compiled = compiledFor(pod, client, variant === 'pinned' ? 'trust' : 'verify', sniffer)
  return startSidecar(kitchen, controlPlane, { place: variant, workload: variant, compiled })
}

async function contend(variant: Variant, kitchen: Kitchen, controlPlane: ControlPlane, sniffer: string) {
  await startApps(kitchen, variant)
  const envoy = await startEnvoy(variant, kitchen, controlPlane, sniffer)
  return { variant, address: kitchen.places.addressOf(variant), envoy }
}

// ---------------------------------------------------------------- measuring

async function sample(load: Load, { address, envoy }: Contender, kitchen: Kitchen, perSecond: number): Promise<Sample> {
  const before = envoy ? cpuMs(envoy) : 0
  const outcome = await load.run(kitchen.places, address, secondsPerRun, perSecond)
  const spent = envoy ? cpuMs(envoy) - before : 0
  return { ...outcome, cpu: (spent * 1000) / outcome.requests }
}

/** In each round the next one begins. */
const turned = <T>(items: readonly T[], by: number): readonly T[] =>
  items.map((_, i) => items[(i + by) % items.length]!)

type Bed = { readonly kitchen: Kitchen; readonly controlPlane: ControlPlane; readonly contenders: readonly Contender[] }
type Round = {
  readonly samples: ReadonlyMap<Variant, Sample>
  /** Share of the machine that others had. */
  readonly others: number
}

/** @param rates what each answered before, which says how many requests to send */
async function roundOf(load: Load, { kitchen, controlPlane, contenders }: Bed, rates: Map<Variant, number>) {
  const others = watchOthers([...kitchen.places.running(), controlPlane.pid])
  const samples = new Map<Variant, Sample>()
  for (const contender of contenders) {
    const { variant } = contender
    const one = await sample(load, contender, kitchen, rates.get(variant) ?? 0)
    rates.set(variant, one.rate)
    samples.set(variant, one)
  }
  return { samples, others: others() }
}

/** The quieter half of the rounds. */
async function compare(load: Load, bed: Bed): Promise<readonly Round[]> {
  const contenders = bed.contenders.filter(({ variant }) => titles[load.app][variant] !== undefined)
  const rates = new Map<Variant, number>()
  await roundOf(load, { ...bed, contenders }, rates)
  const all: Round[] = []
  for (let i = 0; i < rounds[load.app]; i++)
    all.push(await roundOf(load, { ...bed, contenders: turned(contenders, i) }, rates))
  return all.sort((a, b) => a.others - b.others).slice(0, all.length / 2)
}

type Measure = {
  readonly what: string
  readonly unit: string
  readonly of: (sample: Sample) => number
  readonly best: (...values: number[]) => number
}

const rate: Measure = { what: '', unit: 'req/s', of: (one) => one.rate, best: Math.max }
const latencies: readonly Measure[] = [
  { what: ', p50', unit: 'ms', of: ({ p50 }) => p50, best: Math.min },
  { what: ', p99', unit: 'ms', of: ({ p99 }) => p99, best: Math.min },
]
const cpu: Measure = { what: ', CPU of Envoy', unit: 'µs/request', of: (one) => one.cpu, best: Math.min }

const measures: Readonly<Record<Exclude<Variant, 'plain'>, readonly Measure[]>> = {
  direct: [rate, ...latencies],
  twin: [rate, cpu],
  sniffed: [rate, ...latencies, cpu],
  pinned: [rate, ...latencies, cpu],
}

function figureOf(load: Load, variant: Variant, found: readonly Round[], measure: Measure): Figure {
  const { what, unit, of, best } = measure
  const names = titles[load.app]
  const valuesOf = (one: Variant) => found.map(({ samples }) => of(samples.get(one)!))
  const [ours, plain] = [valuesOf(variant), valuesOf('plain')]
  const ratios = ours.map((value, round) => value / plain[round]!)
  const peer = { name: names.plain!, value: best(...plain), ratio: percentile(ratios, 0.5) }
  return { name: `${load.name}: ${names[variant]}${what}`, value: best(...ours), unit, peer }
}

function figuresOf(load: Load, found: readonly Round[]): readonly Figure[] {
  return variants.flatMap((variant) => {
    if (variant === 'plain' || titles[load.app][variant] === undefined) return []
    const figures = measures[variant].map((measure) => figureOf(load, variant, found, measure))
    const gate = load.app === 'redis' ? gates[variant] : undefined
    return figures.map((figure, i) => (gate && i === 0 ? { ...figure, gate } : figure))
  })
}

async function measureAll(bed: Bed, say: BenchOptions['say']): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  const shares: number[] = []
  for (const load of loads) {
    const found = await compare(load, bed)
    figures.push(...figuresOf(load, found))
    shares.push(...found.map(({ others }) => others * 100))
    say(`${load.name}: others had ${(shares.at(-1) ?? 0).toFixed(0)} % of the machine at most`)
  }
  const share = { unit: '% of all cores', value: percentile(shares, 0.5) }
  return [...figures, { name: 'what others had of the machine meanwhile, median of the rounds', ...share }]
}

export async function run({ say, signal }: BenchOptions): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  chmodSync(folder, 0o755)
  try {
    await using places = await makePlaces(variants, signal)
    await using controlPlane = await startControlPlane(places)
    const kitchen = { places, folder, binary: findEnvoy(folder) }
    const sniffer = Buffer.from((await buildSniffer()).wasm).toString('base64')
    const contenders: Contender[] = []
    for (const variant of variants) contenders.push(await contend(variant, kitchen, controlPlane, sniffer))
    return await measureAll({ kitchen, controlPlane, contenders }, say)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
