/** Blocks of addresses with a value each: an address has the value of its longest block, as in Envoy's IP matcher. */
import type { Address, Cidr, Family } from './address.ts'

export type PrefixIndex<T> = {
  /** Value of the longest block that contains the address. */
  find(address: Address): T | undefined
  /** Values of all the blocks that contain the whole of this block (itself included), longest first. */
  covering(block: Cidr): readonly T[]
}

const width: Readonly<Record<Family, number>> = { 4: 32, 6: 128 }

type Level<T> = { readonly length: number; readonly shift: bigint; readonly values: Map<bigint, T> }

function levelsOf<T>(family: Family, entries: Iterable<readonly [Cidr, T]>): readonly Level<T>[] {
  const levels = new Map<number, Level<T>>()
  for (const [cidr, value] of entries) {
    if (cidr.family !== family) continue
    const shift = BigInt(width[family] - cidr.length)
    const level = levels.get(cidr.length) ?? { length: cidr.length, shift, values: new Map() }
    levels.set(cidr.length, level)
    level.values.set(cidr.value >> shift, value)
  }
  return [...levels.values()].sort((a, b) => b.length - a.length)
}

/** One hash look-up per block length in use. Of two equal blocks the later one counts. */
export function prefixIndex<T>(entries: readonly (readonly [Cidr, T])[]): PrefixIndex<T> {
  const levels: Readonly<Record<Family, readonly Level<T>[]>> = { 4: levelsOf(4, entries), 6: levelsOf(6, entries) }
  return {
    find({ family, value }) {
      for (const level of levels[family]) {
        const found = level.values.get(value >> level.shift)
        if (found !== undefined) return found
      }
      return undefined
    },
    covering({ family, value, length }) {
      return levels[family]
        .filter((level) => level.length <= length)
        .flatMap((level) => level.values.get(value >> level.shift) ?? [])
    },
  }
}
