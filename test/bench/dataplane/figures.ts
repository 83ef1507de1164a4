/** Figures of rounds: the best value of each variant, and the median of each round's ratio to the plain proxy. */
import { type Figure, percentile } from '../figure.ts'
import type { Load } from './loads.ts'
import { quietShare, type Round, type Sample } from './rounds.ts'
import { gates, titles, type Variant, variants } from './variants.ts'

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

/** The plain proxy is in all the others, as their peer. */
const measures: Readonly<Record<Variant, readonly Measure[]>> = {
  direct: [rate, ...latencies],
  plain: [],
  twin: [rate, cpu],
  sniffed: [rate, ...latencies, cpu],
  pinned: [rate, ...latencies, cpu],
}

/** Undefined: nobody was in the way. */
function disturbance(rounds: readonly Round[]): string | undefined {
  const most = Math.max(...rounds.map(({ others }) => others))
  return most > quietShare ? `disturbed: others had up to ${Math.round(most * 100)} % of the machine` : undefined
}

function figureOf(load: Load, variant: Variant, rounds: readonly Round[], measure: Measure): Figure {
  const { what, unit, of, best } = measure
  const names = titles[load.app]
  const valuesOf = (one: Variant) => rounds.map(({ samples }) => of(samples.get(one)!))
  const [ours, plain] = [valuesOf(variant), valuesOf('plain')]
  const ratios = ours.map((value, round) => value / plain[round]!)
  const doubt = disturbance(rounds)
  const gate = load.gated && measure === rate ? gates[variant] : undefined
  return {
    name: `${load.name}: ${names[variant]}${what}`,
    value: best(...ours),
    unit,
    peer: { name: names.plain!, value: best(...plain), ratio: percentile(ratios, 0.5) },
    ...(gate && { gate }),
    ...(doubt !== undefined && { doubt }),
  }
}

export function figuresOf(load: Load, rounds: readonly Round[]): readonly Figure[] {
  const measured = variants.filter((variant) => titles[load.app][variant] !== undefined)
  return measured.flatMap((variant) => measures[variant].map((measure) => figureOf(load, variant, rounds, measure)))
}
