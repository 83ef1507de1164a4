/** Inputs near the samples and far from them, from a seed, so that a failure can be had again. */
import type { Sample } from '../../protocol/testdata/samples.ts'

/** A whole number from 0 up to, not including, `below`. */
export type Random = (below: number) => number

/** Mulberry32: small, fast, good enough to mutate bytes. */
export function random(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

const longest = 700

/** A sample with bytes changed, cut, doubled or joined to another's; or noise. */
export function mutate(samples: readonly Sample[], next: Random): { side: Sample['side']; bytes: Uint8Array } {
  const sample = samples[next(samples.length)]!
  const side = next(20) === 0 ? (sample.side === 'client' ? 'server' : 'client') : sample.side
  const bytes = Buffer.from(sample.bytes.subarray(0, longest))
  const kind = next(10)
  if (kind === 0) return { side, bytes: Uint8Array.from({ length: next(80) }, () => next(256)) }
  if (kind === 1) return { side, bytes: bytes.subarray(0, next(bytes.length + 1)) }
  if (kind === 2) {
    const other = samples[next(samples.length)]!.bytes.subarray(0, longest)
    return { side, bytes: Buffer.concat([bytes.subarray(0, next(bytes.length + 1)), other.subarray(next(other.length))]) }
  }
  for (let n = next(4); n >= 0; n--) bytes[next(bytes.length)] = edges[next(edges.length)] ?? next(256)
  return { side, bytes: kind === 3 ? bytes.subarray(0, next(bytes.length + 1)) : bytes }
}

/** Values at which lengths and characters change their meaning; undefined: any value. */
const edges: readonly (number | undefined)[] = [0, 1, 0x7f, 0x80, 0xff, 10, 13, 32, undefined, undefined, undefined, undefined]
