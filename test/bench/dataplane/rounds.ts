/** One load through every variant, round after round until enough of them were undisturbed. */
import { setTimeout as delay } from 'node:timers/promises'
import { cpuMs, type Envoy } from '../sidecars/envoy.ts'
import type { Kitchen } from '../sidecars/kitchen.ts'
import type { Load, Outcome } from './loads.ts'
import { watchOthers } from './others.ts'
import { titles, type Variant } from './variants.ts'

/** wrk counts in whole seconds. */
const secondsPerRun = 0.4
/** Odd, for medians. */
const wantedRounds = 5
/** Where others had more of the machine than this during one run, its round says little; the clock ticks at 1 to 2 %. */
export const quietShare = 0.06
/** How much longer a load may take to be measured undisturbed. */
const patienceMs = 15_000
const lookMs = 300

export type Contender = { readonly variant: Variant; readonly address: string; readonly envoy: Envoy | undefined }
export type Bed = { readonly kitchen: Kitchen; readonly contenders: readonly Contender[] }

export type Sample = Outcome & {
  /** Of the proxy, for one request, in microseconds. */
  readonly cpu: number
  /** Share of the machine (0 to 1) that others had. */
  readonly others: number
}
export type Round = {
  readonly samples: ReadonlyMap<Variant, Sample>
  /** The most that others had during one of the samples. */
  readonly others: number
}

const watch = ({ kitchen: { places, controlPlane } }: Bed) => watchOthers([...places.running(), controlPlane.pid])

async function sample(load: Load, { address, envoy }: Contender, bed: Bed, perSecond: number): Promise<Sample> {
  const [others, before] = [watch(bed), envoy ? cpuMs(envoy) : 0]
  const outcome = await load.run(bed.kitchen.places, address, secondsPerRun, perSecond)
  const spent = envoy ? cpuMs(envoy) - before : 0
  return { ...outcome, cpu: (spent * 1000) / outcome.requests, others: others() }
}

/** @param rates what each answered before, which says how many requests to send */
async function roundOf(load: Load, bed: Bed, rates: Map<Variant, number>): Promise<Round> {
  const samples = new Map<Variant, Sample>()
  for (const contender of bed.contenders) {
    const { variant } = contender
    const one = await sample(load, contender, bed, rates.get(variant) ?? 0)
    rates.set(variant, one.rate)
    samples.set(variant, one)
  }
  return { samples, others: Math.max(...[...samples.values()].map(({ others }) => others)) }
}

/** In each round the next one begins. */
const turned = <T>(items: readonly T[], by: number): readonly T[] =>
  items.map((_, i) => items[(i + by) % items.length]!)

const isQuiet = ({ others }: Pick<Round, 'others'>): boolean => others <= quietShare

/** Resolves when others have left the machine to us, or at `deadline` (`performance.now()`). */
async function quiet(bed: Bed, deadline: number): Promise<void> {
  while (performance.now() < deadline) {
    const others = watch(bed)
    await delay(lookMs)
    if (isQuiet({ others: others() })) return
  }
}

/** The quietest rounds of as many as it took. Each has every variant that has a title with this app. */
export async function compare(load: Load, bed: Bed): Promise<readonly Round[]> {
  const contenders = bed.contenders.filter(({ variant }) => titles[load.app][variant] !== undefined)
  const rates = new Map<Variant, number>()
  await roundOf(load, { ...bed, contenders }, rates)
  const rounds: Round[] = []
  const deadline = performance.now() + patienceMs
  const isEnough = () =>
    rounds.filter(isQuiet).length >= wantedRounds || (rounds.length >= wantedRounds && performance.now() >= deadline)
  while (!isEnough()) {
    await quiet(bed, deadline)
    rounds.push(await roundOf(load, { ...bed, contenders: turned(contenders, rounds.length) }, rates))
  }
  return rounds.sort((a, b) => a.others - b.others).slice(0, wantedRounds)
}
