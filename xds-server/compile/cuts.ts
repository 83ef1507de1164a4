/**
 * Which chains must be cut. A change of policy decides about new connections (and the next request) by itself, but a
 * live connection that lost its right goes on until the chain it is in changes. A chain is cut when anybody it serves
 * can no longer do something he could; gaining rights never cuts. A chain that is gone needs no cut: it ends by itself.
 */
import { parseCidr } from '../policy/address.ts'
import type { Prefix } from '../policy/endpoints.ts'
import { prefixIndex } from '../policy/prefix-index.ts'
import type { ChainRights, ClassSnapshot, Compiled, ListenerRights, PeerRights } from './model.ts'
import { chainKey } from './names.ts'
import { allowedApplications } from './table.ts'

/** Is who had this block still the same? Connections of somebody who left end with him, and say nothing of the others. */
type Stays = (cidr: string) => boolean

const byCidr = new WeakMap<readonly Prefix[], ReadonlyMap<string, Prefix>>()

function indexed(prefixes: readonly Prefix[]): ReadonlyMap<string, Prefix> {
  const known = byCidr.get(prefixes)
  if (known !== undefined) return known
  const index = new Map(prefixes.map((prefix) => [prefix.cidr, prefix]))
  byCidr.set(prefixes, index)
  return index
}

/** A resolved address is its names' for as long as they resolve to it; when they go, so does the peer, with its chain. */
function sameOwner(before: Prefix | undefined, after: Prefix | undefined): boolean {
  if (before === undefined || (before.kind === 'external' && before.named.length === 0)) return true
  return (
    before.kind === after?.kind &&
    before.workload?.id === after.workload?.id &&
    before.named.join() === after.named.join()
  )
}

function staying(before: Compiled, after: Compiled): Stays {
  if (before.prefixes === after.prefixes) return () => true
  const [was, is] = [indexed(before.prefixes), indexed(after.prefixes)]
  return (cidr) => sameOwner(was.get(cidr), is.get(cidr))
}

type PeerAt = (cidr: string) => PeerRights | undefined

const peersByAddress = new WeakMap<ListenerRights, PeerAt>()

function peerAt(listener: ListenerRights): PeerAt {
  const known = peersByAddress.get(listener)
  if (known !== undefined) return known
  const entries = listener.peers.flatMap((peer) => peer.cidrs.map((cidr) => [parseCidr(cidr)!, peer] as const))
  const index = prefixIndex(entries)
  const at: PeerAt = (cidr) => index.covering(parseCidr(cidr)!)[0]
  peersByAddress.set(listener, at)
  return at
}

const blocksOf = ({ peers }: ListenerRights): readonly string[] => peers.flatMap(({ cidrs }) => cidrs)

/** Every pair of peers that some staying block went from and to. */
function moves(before: ListenerRights, after: ListenerRights, stays: Stays) {
  const [was, is] = [peerAt(before), peerAt(after)]
  const found = new Map<PeerRights, Set<PeerRights>>()
  for (const block of new Set([...blocksOf(before), ...blocksOf(after)])) {
    const [from, to] = [was(block), is(block)]
    if (from === undefined || to === undefined || !stays(block)) continue
    found.set(from, (found.get(from) ?? new Set()).add(to))
  }
  return [...found].flatMap(([from, all]) => [...all].map((to) => ({ from, to })))
}

const isOutbound = ({ listener }: ListenerRights): boolean => listener.startsWith('out')
const portOf = ({ port }: ListenerRights): readonly number[] => (port === undefined ? [] : [port])

/** One port of every stretch of ports that all these listeners treat alike. */
function portsToCompare(before: ListenerRights, all: readonly ListenerRights[], taken: ReadonlySet<number>) {
  if (before.port !== undefined) return [before.port]
  const ranges = all.flatMap(({ peers }) =>
    peers.flatMap(({ chains }) => chains.flatMap(({ rows }) => rows.flatMap((row) => row.ports))),
  )
  const edges = [1, ...all.flatMap(portOf).flatMap((p) => [p, p + 1]), ...ranges.flatMap((r) => [r.from, r.to + 1])]
  return [...new Set(edges)].filter((port) => port <= 65_535 && !taken.has(port))
}

const anything = { rule: '', action: 'allow', applications: undefined, ports: [], names: [], requests: [] } as const

/** Where nothing is enforced, everything was let through. */
function couldDo({ enforced }: PeerRights, { rows, view }: ChainRights, port: number): readonly string[] {
  return allowedApplications(enforced ? rows : [anything], view, port)
}

function canDo(peer: PeerRights, view: ChainRights['view'], port: number): readonly string[] {
  const alike = peer.chains.filter((chain) => chain.view === view)
  const chains = alike.length > 0 ? alike : peer.chains
  return chains.flatMap((chain) => allowedApplications(chain.rows, chain.view, port))
}

function lostRights(from: PeerRights, chain: ChainRights, to: PeerRights, port: number): boolean {
  if (!to.judged || !to.enforced) return false
  const still = new Set(canDo(to, chain.view, port))
  return couldDo(from, chain, port).some((application) => !still.has(application))
}

/** Names of chains of one listener. */
function chainsToCut(before: ListenerRights, was: ClassSnapshot, is: ClassSnapshot, stays: Stays): readonly string[] {
  const after = is.rights.filter((one) => isOutbound(one) === isOutbound(before))
  const alike = was.rights.filter((one) => isOutbound(one) === isOutbound(before))
  const cut = new Set<string>()
  for (const port of portsToCompare(before, [...alike, ...after], new Set(alike.flatMap(portOf)))) {
    const serving = after.find((one) => one.port === port) ?? after.find((one) => one.port === undefined)!
    for (const { from, to } of moves(before, serving, stays)) {
      for (const chain of from.chains) if (lostRights(from, chain, to, port)) cut.add(chain.chain)
    }
  }
  const left = after.find((one) => one.listener === before.listener)
  const existing = new Set(left?.peers.flatMap(({ chains }) => chains.map(({ chain }) => chain)))
  return [...cut].filter((chain) => existing.has(chain))
}

function cutsOfClass(was: ClassSnapshot, is: ClassSnapshot, stays: Stays): readonly string[] {
  return was.rights.flatMap((before) =>
    chainsToCut(before, was, is, stays).map((chain) => chainKey(was.learned, before.listener, chain)),
  )
}

/** Each class that some workload went from, and the one it went to. */
function classMoves(before: Compiled, after: Compiled): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const [workload, was] of before.classOf) {
    const is = after.classOf.get(workload)
    if (is !== undefined) found.set(was, (found.get(was) ?? new Set()).add(is))
  }
  return found
}

/** Keys of chains to cut, sorted: `CompileOptions.cuts` of the next compilation counts each of them once more. */
export function cutsNeeded(before: Compiled, after: Compiled): readonly string[] {
  const stays = staying(before, after)
  const keys = new Set<string>()
  for (const [was, all] of classMoves(before, after)) {
    for (const is of all) {
      const [old, now] = [before.classes.get(was), after.classes.get(is)]
      if (old === undefined || now === undefined || old === now) continue
      for (const key of cutsOfClass(old, now, stays)) keys.add(key)
    }
  }
  return [...keys].sort()
}
