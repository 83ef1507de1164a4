/**
 * Which chains must be cut. A change of policy decides about new connections (and the next request) by itself, but a
 * live connection that lost its right goes on until the chain it is in changes. A chain is cut when anybody it serves
 * can no longer do something he could, or must be inspected from now on and would not be where he is; gaining rights
 * never cuts. A chain that is gone needs no cut: it ends by itself.
 */
import type { Prefix } from '../policy/endpoints.ts'
import type { Block, Blocks } from './blocks.ts'
import { blocksOf } from './blocks.ts'
import type { ChainRights, ClassSnapshot, Compiled, ListenerRights, PeerRights } from './model.ts'
import { chainKey } from './names.ts'
import { allowedApplications } from './table.ts'

/** Is who had this block still the same? Connections of somebody who left end with him, and say nothing of the others. */
type Stays = (cidr: string) => boolean

/** A resolved address is its names' for as long as they resolve to it; when they go, so does the peer, with its chain. */
function sameOwner(before: Prefix | undefined, after: Prefix | undefined): boolean {
  if (before === undefined || (before.kind === 'external' && before.named.length === 0)) return true
  return (
    before.kind === after?.kind &&
    before.workload?.id === after.workload?.id &&
    before.named.join() === after.named.join()
  )
}

function staying(before: Blocks, after: Blocks): Stays {
  if (before === after) return () => true
  const at = (blocks: Blocks, cidr: string): Prefix | undefined => {
    const place = blocks.placeOf(cidr)
    return place === undefined ? undefined : blocks.all[place]!.prefix
  }
  return (cidr) => sameOwner(at(before, cidr), at(after, cidr))
}

type Placed = { readonly blocks: Blocks; readonly peers: ReadonlyMap<string, PeerRights> }

const peersByBlock = new WeakMap<ListenerRights, Placed['peers']>()

function placed(listener: ListenerRights, blocks: Blocks): Placed {
  const peers = peersByBlock.get(listener) ?? new Map(listener.peers.flatMap((p) => p.cidrs.map((cidr) => [cidr, p])))
  peersByBlock.set(listener, peers)
  return { blocks, peers }
}

/** Who is at a block: the peer of the smallest block around it that has one. */
function peerAt({ blocks, peers }: Placed, cidr: string): PeerRights | undefined {
  let place: number | undefined = blocks.placeOf(cidr) ?? blocks.around(cidr)
  while (place !== undefined) {
    const { prefix, parent }: Block = blocks.all[place]!
    const peer = peers.get(prefix.cidr)
    if (peer !== undefined) return peer
    place = parent
  }
  return undefined
}

/** Every pair of peers that some staying block went from and to. */
function moves(before: Placed, after: Placed, stays: Stays) {
  const found = new Map<PeerRights, Set<PeerRights>>()
  for (const block of new Set([...before.peers.keys(), ...after.peers.keys()])) {
    const [from, to] = [peerAt(before, block), peerAt(after, block)]
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

/**
 * Requests on a live connection are inspected as the chain it is in says. That follows every change, save where a peer
 * got a chain of its own: what it left behind is inspected like those who stayed.
 */
function escapesInspection({ chain, view }: ChainRights, to: PeerRights, left: ListenerRights | undefined): boolean {
  if (view !== 'http' || to.inline === undefined) return false
  const owner = left?.peers.find(({ chains }) => chains.some((one) => one.chain === chain))
  return owner !== undefined && owner.inline !== to.inline
}

/** One class of workloads as it was and as it is. */
type Change = {
  readonly was: ClassSnapshot
  readonly is: ClassSnapshot
  readonly blocks: { readonly before: Blocks; readonly after: Blocks }
  readonly stays: Stays
}

/** The chains that are still there. */
const existing = (left: ListenerRights | undefined): ReadonlySet<string> =>
  new Set(left?.peers.flatMap(({ chains }) => chains.map(({ chain }) => chain)))

/** Names of chains of one listener. */
function chainsToCut(before: ListenerRights, { was, is, blocks, stays }: Change): readonly string[] {
  const after = is.rights.filter((one) => isOutbound(one) === isOutbound(before))
  const alike = was.rights.filter((one) => isOutbound(one) === isOutbound(before))
  if (after.length === alike.length && after.every((one) => alike.includes(one))) return []
  const cut = new Set<string>()
  const left = after.find(({ listener }) => listener === before.listener)
  for (const port of portsToCompare(before, [...alike, ...after], new Set(alike.flatMap(portOf)))) {
    const serving = after.find((one) => one.port === port) ?? after.find((one) => one.port === undefined)!
    if (serving === before) continue
    for (const { from, to } of moves(placed(before, blocks.before), placed(serving, blocks.after), stays)) {
      for (const chain of from.chains) {
        if (lostRights(from, chain, to, port) || escapesInspection(chain, to, left)) cut.add(chain.chain)
      }
    }
  }
  const there = existing(left)
  return [...cut].filter((chain) => there.has(chain))
}

function cutsOfClass(change: Change): readonly string[] {
  const { learned, rights } = change.was
  return rights.flatMap((before) =>
    chainsToCut(before, change).map((chain) => chainKey(learned, before.listener, chain)),
  )
}

/** Each class that some workload went from, and the one it went to. */
function classMoves(before: Compiled, after: Compiled): readonly (readonly [string, string])[] {
  if (before.classOf === after.classOf) return [...after.classes.keys()].map((key) => [key, key])
  const found = new Map<string, readonly [string, string]>()
  for (const [workload, was] of before.classOf) {
    const is = after.classOf.get(workload)
    if (is !== undefined) found.set(`${was}\n${is}`, [was, is])
  }
  return [...found.values()]
}

/** Keys of chains to cut, sorted: `CompileOptions.cuts` of the next compilation counts each of them once more. */
export function cutsNeeded(before: Compiled, after: Compiled): readonly string[] {
  const blocks = { before: blocksOf(before.prefixes), after: blocksOf(after.prefixes) }
  const stays = staying(blocks.before, blocks.after)
  const keys = new Set<string>()
  for (const [from, to] of classMoves(before, after)) {
    const [was, is] = [before.classes.get(from), after.classes.get(to)]
    if (was === undefined || is === undefined || was === is) continue
    for (const key of cutsOfClass({ was, is, blocks, stays })) keys.add(key)
  }
  return [...keys].sort()
}
