/** The address space, split by what the rules of one port can tell apart. */
import type { Prefix } from '../policy/endpoints.ts'
import type { Blocks } from './blocks.ts'
import type { Message } from './model.ts'

/** Addresses that nothing on this port tells apart. */
export type Part = {
  readonly key: string
  /** One of its blocks: what is true of it (groups, kind) is true of all, as far as the key says. */
  readonly sample: Prefix
  readonly ranges: readonly Message[]
  /** Canonical text of the ranges. */
  readonly cidrs: readonly string[]
}

export type Partition = {
  /** By key, sorted. Together they cover every address; the longest range counts. */
  readonly parts: readonly Part[]
  readonly addresses: number
}

type Growing = { readonly sample: Prefix; readonly ranges: Message[]; readonly cidrs: string[] }

/**
 * Only a block that is in one of the groups, or lies directly in one that is, can differ from what is around it: these,
 * and the two that hold everything, are all that is looked at.
 */
function candidates(blocks: Blocks, groups: readonly string[]): readonly number[] {
  const places = new Set(blocks.outermost)
  for (const place of groups.flatMap((group) => blocks.in(group))) {
    places.add(place)
    for (const inner of blocks.inside(place)) places.add(inner)
  }
  return [...places].sort((a, b) => a - b)
}

/**
 * @param groups what `keyOf` depends on: groups and tags; a block in none of them has the key of its surroundings' rest
 */
export function partition(blocks: Blocks, groups: readonly string[], keyOf: (prefix: Prefix) => string): Partition {
  const growing = new Map<string, Growing>()
  let addresses = 0
  for (const place of candidates(blocks, groups)) {
    const { prefix, range, parent } = blocks.all[place]!
    const key = keyOf(prefix)
    if (parent !== undefined && keyOf(blocks.all[parent]!.prefix) === key) continue
    const part = growing.get(key) ?? { sample: prefix, ranges: [], cidrs: [] }
    growing.set(key, part)
    part.ranges.push(range)
    part.cidrs.push(prefix.cidr)
    addresses++
  }
  const parts = [...growing].map(([key, part]) => ({ key, ...part })).sort((a, b) => (a.key < b.key ? -1 : 1))
  return { parts, addresses }
}
