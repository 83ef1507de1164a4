/** One measured number: the shape in which every bench reports, and what becomes of it in `bench/results.json`. */

/** What an issue or a design page asks of a figure. Never asserted: a missed gate is a line in the report. */
export type Gate = { readonly of: 'value' | 'ratio' } & ({ readonly atLeast: number } | { readonly atMost: number })

export type Figure = {
  /** What was measured and under which load; unique within its bench, where a later run replaces it. */
  readonly name: string
  readonly value: number
  /** `req/s`, `ms`, `µs`, `MB`, … */
  readonly unit: string
  /**
   * What it is compared to, measured in the same run. Where no `ratio` is given it is value / peer; a bench of many
   * rounds gives the median of each round's, which a disturbance of the machine moves less than the values themselves.
   */
  readonly peer?: { readonly name: string; readonly value: number; readonly ratio?: number }
  readonly gate?: Gate
  /** Why it can not be trusted. Its gate is not judged then. */
  readonly doubt?: string
}

export type BenchOptions = {
  /** How many sidecars are simulated, where a bench simulates some. */
  readonly sidecars: number
  /** Progress, for whoever watches. */
  readonly say: (line: string) => void
  /** Somebody wants it to end: clean up and reject. */
  readonly signal: AbortSignal
}

/** Rejects only where it could not measure. */
export type Bench = (options: BenchOptions) => readonly Figure[] | Promise<readonly Figure[]>

export function ratioOf({ value, peer }: Figure): number | undefined {
  if (peer === undefined) return undefined
  return peer.ratio ?? (peer.value === 0 ? undefined : value / peer.value)
}

/** Undefined: there is no gate, or nothing that can be held against it. */
export function isMet(figure: Figure): boolean | undefined {
  const { gate, doubt } = figure
  const measured = gate?.of === 'ratio' ? ratioOf(figure) : figure.value
  if (gate === undefined || measured === undefined || doubt !== undefined) return undefined
  return 'atLeast' in gate ? measured >= gate.atLeast : measured <= gate.atMost
}

export function gateText(gate: Gate): string {
  const bound = 'atLeast' in gate ? `≥ ${gate.atLeast}` : `≤ ${gate.atMost}`
  return gate.of === 'ratio' ? `ratio ${bound}` : bound
}

/** The value below which `share` (0 to 1) of the samples are: the nearest one, no interpolation. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = Math.max(0, Math.ceil(share * sorted.length) - 1)
  const found = sorted[at]
  if (found === undefined) throw new Error('a percentile of no samples')
  return found
}
