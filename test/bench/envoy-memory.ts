/** What an idle sidecar keeps in memory: side by side, so that what Envoys share (their program) is told apart. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { buildSniffer } from '../../classifier/sniffer/build.ts'
import { plainProxy } from './dataplane/plain.ts'
import type { BenchOptions, Figure } from './figure.ts'
import { type Configuration, configurations, many, withoutSniffer, workload } from './memory/worlds.ts'
import { type Envoy, startPlain, startSidecar } from './sidecars/envoy.ts'
import { type Kitchen, openKitchen } from './sidecars/kitchen.ts'

/** What was only needed for starting is given back by then. */
const settlesMs = 2_000

type Memory = { readonly rss: number; readonly own: number }

/** MB: all of it that is in memory, and what nobody shares. */
function memoryOf({ pid }: Envoy): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const mb = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024
  return { rss: mb('Rss'), own: mb('Private_Clean') + mb('Private_Dirty') }
}

function cases(sniffer: string): Readonly<Record<string, Configuration>> {
  const { yelb, large } = configurations(sniffer)
  const named = [
    [`Yelb's policy, ${yelb.listeners} listeners`, yelb],
    [`${many.ports} ports with ${many.rules} rules for 2 peers, ${large.listeners} listeners`, large],
  ] as const
  return Object.fromEntries(
    named.flatMap(([name, one]) => [
      [name, one],
      [`${name}, no sniffer`, withoutSniffer(one)],
    ]),
  )
}

async function startAll(all: ReturnType<typeof cases>, kitchen: Kitchen) {
  const started = new Map<string, Envoy>()
  for (const [i, [name, { compiled }]] of Object.entries(all).entries())
    started.set(name, await startSidecar(kitchen, { place: `case${i}`, workload, compiled }))
  return started
}

function figuresOf(found: ReadonlyMap<string, Memory>, plain: Memory): readonly Figure[] {
  return [...found].flatMap(([name, { rss, own }]) => [
    { name: `RSS, ${name}`, value: rss, unit: 'MB', peer: { name: 'plain proxy', value: plain.rss } },
    { name: `not shared, ${name}`, value: own, unit: 'MB', peer: { name: 'plain proxy', value: plain.own } },
  ])
}

export async function run({ signal }: BenchOptions): Promise<readonly Figure[]> {
  const all = cases(Buffer.from((await buildSniffer()).wasm).toString('base64'))
  await using kitchen = await openKitchen(['plain', ...Object.keys(all).map((_, i) => `case${i}`)], signal)
  const plain = await startPlain(kitchen, 'plain', plainProxy)
  const started = await startAll(all, kitchen)
  await delay(settlesMs, undefined, { signal })
  const found = [...started].map(([name, envoy]) => [name, memoryOf(envoy)] as const)
  return figuresOf(new Map(found), memoryOf(plain))
}
