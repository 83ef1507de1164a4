/**
 * Host names in address groups. A connection belongs to such a group when it asks for a name that fits **and** goes to
 * an address this very name resolved to: a name alone is only what the client claims.
 */
import { canonicalAddress } from './address.ts'
import { isHostPattern, matchesHost } from './fqdn.ts'
import type { AddressGroup, Inventory } from './model.ts'

/** A concrete name and the addresses it resolved to, canonical and sorted. */
export type ResolvedName = { readonly name: string; readonly addresses: readonly string[] }
export type ResolvedNames = {
  /** What a group's names and wildcards stand for at the moment, sorted by name. */
  of(group: string): readonly ResolvedName[]
  /** Groups that a connection to this canonical address could be in, sorted; with a name: is in. */
  groupsAt(ip: string, name?: string): readonly string[]
  /** Every address that matters to a group. */
  readonly addresses: readonly string[]
}

function resolve(patterns: readonly string[], resolved: ReadonlyMap<string, ResolvedName>): readonly ResolvedName[] {
  const wildcards = patterns.filter((p) => p.startsWith('*.'))
  const exact = patterns.flatMap((p) => resolved.get(p) ?? [])
  const wild = wildcards.length === 0 ? [] : [...resolved.values()]
  const found = [...exact, ...wild.filter((r) => wildcards.some((w) => matchesHost(w, r.name)))]
  return [...new Set(found)].sort((a, b) => (a.name < b.name ? -1 : 1))
}

type Use = { readonly group: string; readonly name: string }

function usesByAddress(names: ReadonlyMap<string, readonly ResolvedName[]>): ReadonlyMap<string, readonly Use[]> {
  const uses = new Map<string, Use[]>()
  for (const [group, resolved] of names) {
    for (const { name, addresses } of resolved) {
      for (const ip of addresses) uses.set(ip, [...(uses.get(ip) ?? []), { group, name }])
    }
  }
  return uses
}

const canonicalName = (name: string, addresses: readonly string[]): ResolvedName => ({
  name,
  addresses: [...new Set(addresses.flatMap((a) => canonicalAddress(a) ?? []))].sort(),
})

export function resolvedNames(groups: readonly AddressGroup[], resolved: Inventory['resolved']): ResolvedNames {
  const known = new Map(Object.entries(resolved).map(([name, ips]) => [name, canonicalName(name, ips)]))
  const names = new Map(groups.map((g) => [g.name, resolve(g.addresses.filter(isHostPattern), known)]))
  const uses = usesByAddress(names)
  return {
    of: (group) => names.get(group) ?? [],
    groupsAt(ip, name) {
      const here = (uses.get(ip) ?? []).filter((use) => name === undefined || use.name === name)
      return [...new Set(here.map((use) => use.group))].sort()
    },
    addresses: [...uses.keys()],
  }
}
