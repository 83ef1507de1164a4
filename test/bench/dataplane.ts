/**
 * What a sidecar costs the traffic through it: the same apps behind nothing, a plain proxy, and ours with 50 rules on
 * the port. Every round asks each of them once, so that what disturbs the machine disturbs all; rounds while others are
 * busy are tried again for some time, and what is disturbed nevertheless is marked. The plain proxy has a twin: how far
 * the ratio of the two is from 1 is what a run can not tell apart.
 */
import { buildSniffer } from '../../classifier/sniffer/build.ts'
import { startApps } from './dataplane/apps.ts'
import { figuresOf } from './dataplane/figures.ts'
import { loads } from './dataplane/loads.ts'
import { plainProxy } from './dataplane/plain.ts'
import { type Bed, type Contender, compare } from './dataplane/rounds.ts'
import { type Variant, variants } from './dataplane/variants.ts'
import { compiledFor } from './dataplane/worlds.ts'
import type { BenchOptions, Figure } from './figure.ts'
import { redirect, startPlain, startSidecar } from './sidecars/envoy.ts'
import { type Kitchen, openKitchen } from './sidecars/kitchen.ts'

async function startEnvoy(variant: Variant, kitchen: Kitchen, sniffer: string) {
  if (variant === 'direct') return undefined
  await redirect(kitchen, variant)
  if (variant === 'plain' || variant === 'twin') return startPlain(kitchen, variant, plainProxy)
  const { places } = kitchen
  const pod = { name: variant, ip: places.addressOf(variant) }
  const client = { name: 'client', ip: places.hubFor(variant) }
  const compiled = compiledFor(pod, client, variant === 'pinned' ? 'trust' : 'verify', sniffer)
  return startSidecar(kitchen, { place: variant, workload: variant, compiled })
}

async function contend(variant: Variant, kitchen: Kitchen, sniffer: string) {
  await startApps(kitchen, variant)
  const envoy = await startEnvoy(variant, kitchen, sniffer)
  return { variant, address: kitchen.places.addressOf(variant), envoy }
}

async function measureAll(bed: Bed, say: BenchOptions['say']): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const load of loads) {
    const rounds = await compare(load, bed)
    figures.push(...figuresOf(load, rounds))
    say(`${load.name}: others had ${rounds.map(({ others }) => (others * 100).toFixed(0)).join(', ')} % of the machine`)
  }
  return figures
}

export async function run({ say, signal }: BenchOptions): Promise<readonly Figure[]> {
  const sniffer = Buffer.from((await buildSniffer()).wasm).toString('base64')
  await using kitchen = await openKitchen(variants, signal)
  const contenders: Contender[] = []
  for (const variant of variants) contenders.push(await contend(variant, kitchen, sniffer))
  return await measureAll({ kitchen, contenders }, say)
}
