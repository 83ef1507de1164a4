/**
 * What a sidecar costs the traffic through it: the same apps behind nothing, a plain proxy, and ours with 50 rules on
 * the port. Every round asks each of them once, so that what disturbs the machine disturbs all; the best round counts.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSniffer } from '../../classifier/sniffer/build.ts'
import { startApps } from './dataplane/apps.ts'
import { type Load, loads, type Outcome } from './dataplane/loads.ts'
import { plainProxy } from './dataplane/plain.ts'
import { compiledFor, rulesOnPort } from './dataplane/worlds.ts'
import type { BenchOptions, Figure, Gate } from './figure.ts'
import { type ControlPlane, startControlPlane } from './sidecars/control-plane.ts'
import { cpuMs, type Envoy, findEnvoy, type Kitchen, redirect, startPlain, startSidecar } from './sidecars/envoy.ts'
import { makePlaces } from './sidecars/places.ts'

/** Many short ones: the best of them was disturbed least. */
const rounds = 10
const secondsPerRun = 0.3

const variants = ['direct', 'plain', 'sniffed', 'pinned'] as const
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
    sniffed: `sniffer + RBAC (${rulesOnPort} rules)`,
    pinned: `pinned + RBAC (${rulesOnPort} rules)`,
  },
  web: { direct: 'direct', plain: 'plain HCM', sniffed: `our HCM + RBAC (${rulesOnPort} rules)` },
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
  if (variant === 'plain') return startPlain(kitchen, variant, plainProxy)
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

function best(samples: readonly Sample[]): Sample {
  const least = (of: (sample: Sample) => number) => Math.min(...samples.map(of))
  return {
    requests: samples.reduce((sum, { requests }) => sum + requests, 0),
    rate: Math.max(...samples.map(({ rate }) => rate)),
    p50: least(({ p50 }) => p50),
    p99: least(({ p99 }) => p99),
    cpu: least(({ cpu }) => cpu),
  }
}

/** In each round the next one begins. */
const turned = <T>(items: readonly T[], by: number): readonly T[] =>
  items.map((_, i) => items[(i + by) % items.length]!)

async function compare(load: Load, contenders: readonly Contender[], kitchen: Kitchen) {
  const samples = new Map(contenders.map(({ variant }) => [variant, [] as Sample[]]))
  const rates = new Map<Variant, number>()
  for (let round = 0; round <= rounds; round++) {
    for (const contender of turned(contenders, round)) {
      const { variant } = contender
      const one = await sample(load, contender, kitchen, rates.get(variant) ?? 0)
      rates.set(variant, one.rate)
      if (round > 0) samples.get(variant)!.push(one) // the first tells how many requests to send
    }
  }
  return new Map([...samples].map(([variant, ones]) => [variant, best(ones)]))
}

function figuresOf(load: Load, found: ReadonlyMap<Variant, Sample>): readonly Figure[] {
  const names = titles[load.app]
  const plain = found.get('plain')!
  return [...found].flatMap(([variant, it]): readonly Figure[] => {
    if (variant === 'plain') return []
    const figure = (what: string, unit: string, of: (one: Sample) => number): Figure => ({
      name: `${load.name}: ${names[variant]}${what}`,
      value: of(it),
      unit,
      peer: { name: names.plain!, value: of(plain) },
    })
    const gate = load.app === 'redis' ? gates[variant] : undefined
    return [
      { ...figure('', 'req/s', ({ rate }) => rate), ...(gate && { gate }) },
      figure(', p50', 'ms', ({ p50 }) => p50),
      figure(', p99', 'ms', ({ p99 }) => p99),
      ...(variant === 'direct' ? [] : [figure(', CPU of Envoy', 'µs/request', ({ cpu }) => cpu)]),
    ]
  })
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
    const figures: Figure[] = []
    for (const load of loads) {
      say(load.name)
      const wanted = contenders.filter(({ variant }) => titles[load.app][variant] !== undefined)
      figures.push(...figuresOf(load, await compare(load, wanted, kitchen)))
    }
    return figures
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
