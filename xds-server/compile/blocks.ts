/**
 * All blocks of addresses of a directory as one tree, indexed by the groups they are in, so that a partition costs what
 * its groups have members and not what the cluster has addresses. Made once per set of prefixes.
 */
import { parseCidr } from '../policy/address.ts'
import type { Prefix } from '../policy/endpoints.ts'
import type { PrefixIndex } from '../policy/prefix-index.ts'
import { prefixIndex } from '../policy/prefix-index.ts'
import type { Message } from './model.ts'

/** A block and where it lies. */
export type Block = {
  readonly prefix: Prefix
  /** As matchers take it. */
  readonly range: Message
  /** Place of the smallest block around it; undefined: none. */
  readonly parent: number | undefined
}

export type Blocks = {
  /** In the order of addresses, outer before inner: the order of everything made from them. */
  readonly all: readonly Block[]
  /** Places of the blocks that are in a group, `named` ones included, or that carry a tag. */
  in(group: string): readonly number[]
  /** Places of the blocks directly inside. */
  inside(place: number): readonly number[]
  /** Places of the blocks with nothing around them: together they hold every address. */
  readonly outermost: readonly number[]
  /** Place of exactly this block. */
  placeOf(cidr: string): number | undefined
  /** Place of the smallest block that holds this one. */
  around(cidr: string): number
}

/** Tags stand beside groups in the index; no group can be called so. */
export const managedTag = '#managed'
/** Not decided by a sidecar at its other end: outside the pod network, or a workload without one. */
export const unmanagedTag = '#unmanaged'

type Spot = { readonly prefix: Prefix; readonly family: 4 | 6; readonly first: bigint; readonly length: number }

const bits = { 4: 32, 6: 128 } as const

function spotOf(prefix: Prefix): Spot {
  const { family, value, length } = parseCidr(prefix.cidr)!
  return { prefix, family, first: value, length }
}

function byAddress(a: Spot, b: Spot): number {
  if (a.family !== b.family) return a.family - b.family
  if (a.first !== b.first) return a.first < b.first ? -1 : 1
  return a.length - b.length
}

function contains(outer: Spot, inner: Spot): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false
  const host = BigInt(bits[outer.family] - outer.length)
  return outer.first >> host === inner.first >> host
}

function rangeOf({ prefix, length }: Spot): Message {
  return { address_prefix: prefix.cidr.slice(0, prefix.cidr.indexOf('/')), prefix_len: length }
}

/** What lies around is still on the stack when its insides come. */
function nest(spots: readonly Spot[]): readonly Block[] {
  const around: number[] = []
  return spots.map((spot, place) => {
    while (around.length > 0 && !contains(spots[around.at(-1)!]!, spot)) around.pop()
    const parent = around.at(-1)
    around.push(place)
    return { prefix: spot.prefix, range: rangeOf(spot), parent }
  })
}

function tagsOf({ kind, workload }: Prefix): readonly string[] {
  if (workload?.managed) return [managedTag]
  // a pod that is not known yet may be a managed one: `unknown` has neither tag
  return kind === 'unknown' ? [] : [unmanagedTag]
}

function push<K>(lists: Map<K, number[]>, key: K, place: number): void {
  const list = lists.get(key)
  if (list) list.push(place)
  else lists.set(key, [place])
}

function membersOf(all: readonly Block[]): ReadonlyMap<string, readonly number[]> {
  const members = new Map<string, number[]>()
  for (const [place, { prefix }] of all.entries()) {
    for (const group of prefix.groups) push(members, group, place)
    for (const group of prefix.named) push(members, group, place)
    for (const tag of tagsOf(prefix)) push(members, tag, place)
  }
  return members
}

function insidesOf(all: readonly Block[]): ReadonlyMap<number | undefined, readonly number[]> {
  const insides = new Map<number | undefined, number[]>()
  for (const [place, { parent }] of all.entries()) push(insides, parent, place)
  return insides
}

/** Made when first asked for: only a change of addresses asks. */
function searchable(all: readonly Block[]) {
  let exact: ReadonlyMap<string, number> | undefined
  let index: PrefixIndex<number> | undefined
  return {
    placeOf(cidr: string): number | undefined {
      exact ??= new Map(all.map(({ prefix }, place) => [prefix.cidr, place]))
      return exact.get(cidr)
    },
    around(cidr: string): number {
      index ??= prefixIndex(all.map(({ prefix }, place) => [parseCidr(prefix.cidr)!, place]))
      return index.covering(parseCidr(cidr)!)[0]!
    },
  }
}

const known = new WeakMap<readonly Prefix[], Blocks>()

export function blocksOf(prefixes: readonly Prefix[]): Blocks {
  const made = known.get(prefixes) ?? blocksFrom(prefixes)
  known.set(prefixes, made)
  return made
}

/** An address may also be a block of an address group; the first of two that are the same says what it is. */
function distinct(prefixes: readonly Prefix[]): readonly Prefix[] {
  const first = new Map<string, Prefix>()
  for (const prefix of prefixes) if (!first.has(prefix.cidr)) first.set(prefix.cidr, prefix)
  return [...first.values()]
}

function blocksFrom(prefixes: readonly Prefix[]): Blocks {
  const all = nest(distinct(prefixes).map(spotOf).sort(byAddress))
  const members = membersOf(all)
  const insides = insidesOf(all)
  return {
    all,
    in: (group) => members.get(group) ?? [],
    inside: (place) => insides.get(place) ?? [],
    outermost: insides.get(undefined) ?? [],
    ...searchable(all),
  }
}
