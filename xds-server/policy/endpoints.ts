/**
 * What an address is, and which groups it is in.
 *
 * A node address is the node, even if a host-network pod shares it. Then: the one workload that has it, a DNS server,
 * an address of the pod network without a workload (`unknown`), the world outside. An address that two workloads claim
 * is `unknown` until that is settled, and `unknown` is in no address group: rights never pass to whoever gets an
 * address next. A managed workload is who it is, not where it is: address groups do not contain it either.
 */
import type { Cidr } from './address.ts'
import { canonicalAddress, formatAddress, formatCidr, parseAddress, parseCidr } from './address.ts'
import type { AddressRanges } from './address-ranges.ts'
import { addressRanges } from './address-ranges.ts'
import type { WorkloadGroups } from './membership.ts'
import type { AddressGroup, Endpoint, Inventory, Workload } from './model.ts'
import { prefixIndex } from './prefix-index.ts'
import type { ResolvedNames } from './resolved-names.ts'
import { resolvedNames } from './resolved-names.ts'

/** A block of addresses that are all the same thing, save for longer blocks inside it. */
export type Prefix = {
  /** Canonical, always with its length. */
  readonly cidr: string
  readonly kind: Endpoint['kind']
  readonly workload?: Workload
  /** The first one is the name that the map and the learner use. */
  readonly groups: readonly string[]
  /** Address groups it is in only for a connection that asks for a server name of theirs. */
  readonly named: readonly string[]
}

export type Endpoints = {
  /** A text that is no address is `unknown`. */
  find(ip: string): Prefix
  /** Every distinct block, 0.0.0.0/0 and ::/0 included; IPv4 first, shorter first, then by address. */
  prefixes(): readonly Prefix[]
  readonly names: ResolvedNames
}

type Context = {
  readonly inventory: Inventory
  readonly workloads: WorkloadGroups
  readonly ranges: AddressRanges
  readonly names: ResolvedNames
}

const nowhere: Omit<Prefix, 'cidr'> = { kind: 'unknown', groups: ['unknown', 'any'], named: [] }

/** Canonical address → the workload that has it; null where two claim it. */
function claims(workloads: readonly Workload[]): ReadonlyMap<string, Workload | null> {
  const byAddress = new Map<string, Workload | null>()
  for (const workload of workloads) {
    for (const ip of canonical(workload.ips)) {
      const other = byAddress.get(ip)
      byAddress.set(ip, other === undefined || other === workload ? workload : null)
    }
  }
  return byAddress
}

const canonical = (ips: readonly string[]): readonly string[] => ips.flatMap((ip) => canonicalAddress(ip) ?? [])

function workloadAt(context: Context, workload: Workload, around: Around): Omit<Prefix, 'cidr'> {
  const groups = context.workloads.of(workload)
  if (workload.managed) return { kind: 'workload', workload, groups, named: [] }
  return { kind: 'workload', workload, groups: [...groups, ...around.groups], named: around.named }
}

/** The address groups that contain a block, by address and by name. */
type Around = { readonly groups: readonly string[]; readonly named: readonly string[] }

function unowned(kind: 'node' | 'dns' | 'external', dns: boolean, { groups, named }: Around): Omit<Prefix, 'cidr'> {
  // The narrowest address group says more than `external`, so it comes first; a node or DNS server is that first.
  if (kind === 'external') return { kind, groups: [...groups, 'external', 'any'], named }
  const reserved = [...(kind === 'node' ? ['nodes'] : []), ...(dns ? ['dns'] : [])]
  return { kind, groups: [...reserved, ...groups, 'any'], named }
}

/** Single addresses that are something of their own. */
function points(context: Context): ReadonlyMap<string, Prefix> {
  const { inventory, ranges, names } = context
  const nodes = new Set(canonical(inventory.nodes.flatMap((n) => n.ips)))
  const dns = new Set(canonical(inventory.dnsServers))
  const claimed = claims(inventory.workloads)
  const what = (ip: string, block: Cidr): Omit<Prefix, 'cidr'> => {
    const { groups } = ranges.covering(block)
    const around: Around = { groups, named: names.groupsAt(ip).filter((group) => !groups.includes(group)) }
    if (nodes.has(ip)) return unowned('node', dns.has(ip), around)
    const workload = claimed.get(ip)
    if (workload) return workloadAt(context, workload, around)
    if (workload === null) return nowhere
    if (dns.has(ip)) return unowned('dns', true, around)
    return ranges.covering(block).pod ? nowhere : unowned('external', false, around)
  }
  const all = new Set([...nodes, ...claimed.keys(), ...dns, ...names.addresses])
  return new Map(
    [...all].map((ip) => {
      const block = parseCidr(ip)!
      return [ip, { cidr: formatCidr(block), ...what(ip, block) }]
    }),
  )
}

function byBlock(a: Prefix, b: Prefix): number {
  const [x, y] = [parseCidr(a.cidr)!, parseCidr(b.cidr)!]
  return x.family - y.family || x.length - y.length || (x.value < y.value ? -1 : x.value > y.value ? 1 : 0)
}

/** An address that an address group names and that is something of its own, too, is the latter. */
function distinct(prefixes: readonly Prefix[]): readonly Prefix[] {
  return [...new Map(prefixes.map((prefix) => [prefix.cidr, prefix])).values()].sort(byBlock)
}

/** `0.0.0.0/0` and the like: what an address is that is nothing of its own. */
function rangePrefixes({ ranges }: Context): readonly (readonly [Cidr, Prefix])[] {
  return ranges.blocks.map((block) => {
    const { groups, pod } = ranges.covering(block)
    const what = pod ? nowhere : unowned('external', false, { groups, named: [] })
    return [block, { cidr: formatCidr(block), ...what }]
  })
}

export function endpointsOf(
  inventory: Inventory,
  groups: readonly AddressGroup[],
  workloads: WorkloadGroups,
): Endpoints {
  const ranges = addressRanges(groups, inventory.podCidrs)
  const names = resolvedNames(groups, inventory.resolved)
  const context: Context = { inventory, workloads, ranges, names }
  const single = points(context)
  const blocks = rangePrefixes(context)
  const index = prefixIndex(blocks)
  return {
    find(ip) {
      const known = single.get(ip)
      if (known !== undefined) return known
      const address = parseAddress(ip)
      if (address === undefined) return { cidr: '', ...nowhere }
      return single.get(formatAddress(address)) ?? index.find(address)!
    },
    prefixes: once(() => distinct([...blocks.map(([, prefix]) => prefix), ...single.values()])),
    names,
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
