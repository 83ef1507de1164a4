/** A listener: who is at the other end, then that peer's chains. What both directions have in common. */
import { listenerLog } from './access-logs.ts'
import type { Branch, OnMatch } from './matching.ts'
import { byAddress, firstOf, toChain } from './matching.ts'
import type { ListenerRights, Message, Resource } from './model.ts'
import type { Direction } from './names.ts'
import { passChain, passPeer } from './names.ts'
import type { PeerChains, Place } from './peer-chains.ts'
import { peerChains } from './peer-chains.ts'
import type { Peer } from './peers.ts'
import { cutsText, samePeers } from './reuse.ts'
import type { Scope } from './scope.ts'
import type { Inspection } from './slots.ts'
import { any, typed } from './typed.ts'

/** What Envoy holds of one connection while its other side is slow, in bytes, each way. */
const bufferLimit = 32_768

export type ListenerPlan = {
  readonly name: string
  readonly place: Place
  readonly peers: readonly Peer[]
  /** What tells peers apart. */
  readonly address: Message
  /** Asked before the peers. */
  readonly first: readonly Branch[]
  /** Chains that belong to no peer. */
  readonly chains: readonly Message[]
  readonly inspection: Inspection
  /** Ids of the rules that made the listener what it is. */
  readonly rules: readonly string[]
  readonly fields: Message
  /** Everything of the above but the peers that is not always the same, to find out whether it was made before. */
  readonly stamp: readonly unknown[]
}

export type MadeListener = {
  readonly name: string
  readonly resources: readonly Resource[]
  readonly rights: ListenerRights
  /** What it was made from. */
  readonly stamp: string
  readonly peers: readonly Peer[]
}

const traffic: Readonly<Record<Direction, string>> = { in: 'INBOUND', out: 'OUTBOUND' }

export const originalDestination = typed(
  'original_dst',
  'envoy.extensions.filters.listener.original_dst.v3.OriginalDst',
)

/** TLS first: the HTTP inspector looks at what is not TLS. */
export function inspectors(fields: Message = {}): readonly Message[] {
  const folder = 'envoy.extensions.filters.listener.'
  return [
    { ...typed('tls_inspector', `${folder}tls_inspector.v3.TlsInspector`), ...fields },
    { ...typed('http_inspector', `${folder}http_inspector.v3.HttpInspector`), ...fields },
  ]
}

function inspectionTime(inspection: Inspection): Message {
  if (inspection.kind === 'none') return {}
  return {
    listener_filters_timeout: inspection.timeout,
    continue_on_listener_filters_timeout: inspection.afterwards === 'go-on',
  }
}

function rightsOf(plan: ListenerPlan, made: readonly PeerChains[]): ListenerRights {
  const peers = plan.peers.map(({ name, cidrs, enforced, inspecting }, i) => ({
    cidrs,
    judged: name !== passPeer,
    enforced,
    inline: inspecting.kind === 'inline' ? inspecting.profile.id : undefined,
    chains: made[i]!.rights,
  }))
  return { listener: plan.name, port: plan.place.port, peers }
}

const unjudged: PeerChains = { chains: [], tables: [], onMatch: toChain(passChain), rights: [] }

/** Where everybody is one peer, nobody is asked for an address. */
function byPeer({ address, peers }: ListenerPlan, made: readonly PeerChains[]): OnMatch {
  if (peers.length === 1) return made[0]!.onMatch
  return {
    matcher: byAddress(
      address,
      peers.map(({ ranges }, i) => ({ ranges, leads: made[i]!.onMatch })),
    ),
  }
}

function make(plan: ListenerPlan, stamp: string): MadeListener {
  const { name, place, peers, first, inspection, rules } = plan
  const made = peers.map((peer) => (peer.name === passPeer ? unjudged : peerChains(place, peer)))
  const body = any('envoy.config.listener.v3.Listener', {
    name,
    ...plan.fields,
    traffic_direction: traffic[place.direction],
    per_connection_buffer_limit_bytes: bufferLimit,
    ...inspectionTime(inspection),
    filter_chain_matcher: firstOf(first, byPeer(plan, made)),
    filter_chains: [...made.flatMap(({ chains }) => chains), ...plan.chains],
    access_log: [listenerLog(place.direction)],
  })
  const tables = made.flatMap((one) => one.tables)
  const resources: readonly Resource[] = [...tables, { type: 'listener', name, body, rules }]
  return { name, resources, rights: rightsOf(plan, made), stamp, peers }
}

/** The listener and its tables, or what was made of the same things before. */
export function listener(scope: Scope, plan: ListenerPlan): MadeListener {
  const stamp = JSON.stringify([...plan.stamp, plan.rules, cutsText(scope)])
  const before = scope.before.get(plan.name)
  return before?.stamp === stamp && samePeers(before.peers, plan.peers) ? before : make(plan, stamp)
}
