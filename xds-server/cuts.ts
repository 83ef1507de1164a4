/**
 * How often each filter chain's live connections were cut. The number is part of the chain's configuration, so it must
 * be the same after a restart: otherwise a restart would cut them all once more.
 */
import type { Meta } from './store/model.ts'

export type Cuts = {
  /** Chain key → number of cuts. */
  all(): ReadonlyMap<string, number>
  /** One more cut of each; durable when it returns, and nothing when it throws. */
  add(chains: readonly string[]): void
}

const key = 'cuts'
/** Chains remembered; past it those cut longest ago start at 0 again, which cuts them once more if they still exist. */
export const maxCuts = 10_000

export function cutsIn(meta: Meta): Cuts {
  let cuts = new Map<string, number>(JSON.parse(meta.getMeta(key) ?? '[]') as [string, number][])
  return {
    all: () => cuts,
    add(chains) {
      const next = new Map(cuts)
      for (const chain of chains) {
        const times = next.get(chain) ?? 0
        next.delete(chain)
        next.set(chain, times + 1)
      }
      const kept = [...next].slice(-maxCuts)
      meta.setMeta(key, JSON.stringify(kept))
      cuts = new Map(kept)
    },
  }
}
