/** The chains and tables of one peer on one listener, and the branch that leads to them. */

import { isRequestName } from '../policy/request-names.ts'
import type { TcpChain } from './chains.ts'
import { filterStates, tcpChain } from './chains.ts'
import type { RequestHandling } from './http-chains.ts'
import { httpChain } from './http-chains.ts'
import { inspectOf } from './inspect-filter.ts'
import type { OnMatch } from './matching.ts'
import { firstOf, toChain } from './matching.ts'
import type { ChainRights, Message, Resource } from './model.ts'
import type { Direction, TableKind } from './names.ts'
import { chainName, denyChain, filterState, tableName } from './names.ts'
import type { Peer } from './peers.ts'
import { portsPredicate, portsWhere } from './ports.ts'
import { rbacOf } from './rbac.ts'
import type { Slot } from './slots.ts'
import type { Row, View } from './table.ts'
import { allowedApplications, everyApplication, rowsOf, uninspectedRow } from './table.ts'
import { any } from './typed.ts'

/** The listener a peer's chains are made for. */
export type Place = {
  readonly direction: Direction
  /** Undefined: ports that have no listener of their own. */
  readonly port: number | undefined
  readonly requests: RequestHandling
  slotsFor(peer: Peer): readonly Slot[]
  cutsOf(chain: string): number
  token(profile: string): string
}

export type PeerChains = {
  readonly chains: readonly Message[]
  readonly tables: readonly Resource[]
  readonly onMatch: OnMatch
  readonly rights: readonly ChainRights[]
}

type Rows = ReadonlyMap<View, readonly Row[]>

function extension(name: string, typed_config: Message, rules: readonly string[]): Resource {
  return {
    type: 'extension',
    name,
    body: any('envoy.config.core.v3.TypedExtensionConfig', { name, typed_config }),
    rules,
  }
}

const tableKinds: Readonly<Record<View, TableKind>> = { tcp: 'tcp', tls: 'tls', http: 'http' }

const ruleIds = (rows: readonly Row[]): readonly string[] => [...new Set(rows.map((row) => row.rule))]

/** A sensor that refuses must see requests: nothing that looks like one passes where they are not told apart. */
function uninspected(peer: Peer, view: View, slots: readonly Slot[]): readonly Row[] {
  if (view !== 'tcp' || peer.inspecting.kind !== 'inline') return []
  return [uninspectedRow(slots.some(({ carries }) => carries === 'http'))]
}

/** Ports on which anything may be allowed to a peer: all that can be asked of a listener for many. */
function openPorts(rows: Rows, port: number | undefined) {
  const open = (at: number): boolean =>
    [...rows].some(([view, table]) => allowedApplications(table, view, at).length > 0)
  if (port !== undefined) return open(port) ? [{ from: 1, to: 65_535 }] : []
  return portsWhere(
    [...rows.values()].flatMap((table) => table.flatMap((row) => row.ports)),
    open,
  )
}

/** Applications that may greet, on any port of this listener; past the greeting the table knows the port. */
function greetings(rows: readonly Row[], port: number | undefined, enforced: boolean): string {
  if (!enforced) return '*'
  const ports =
    port === undefined ? [1, ...rows.flatMap((row) => row.ports.flatMap((r) => [r.from, r.to + 1]))] : [port]
  const allowed = new Set(ports.flatMap((at) => allowedApplications(rows, 'tcp', at)))
  if (allowed.size === everyApplication.length) return '*'
  const greeting = [...allowed].filter((name) => !isRequestName(name)).sort()
  return greeting.length === 0 ? '-' : greeting.join(',')
}

function tablesOf(place: Place, peer: Peer, rows: Rows, slots: readonly Slot[]): readonly Resource[] {
  const name = (kind: TableKind): string => tableName(place.direction, place.port, peer.name, kind)
  const policies = [...rows].map(([view, table]) =>
    extension(name(tableKinds[view]), rbacOf(table, view, peer.enforced), ruleIds(table)),
  )
  const inspect = rows.has('http') ? [extension(name('inspect'), inspectOf(peer.inspecting, place.token), [])] : []
  const tables = [...policies, ...inspect]
  if (!slots.some((slot) => slot.carries === 'tcp' && slot.connecting === 'at-once')) return tables
  const seen = rows.get('tcp')!
  const text = greetings(seen, place.port, peer.enforced)
  return [...tables, extension(name('greetings'), filterStates({ [filterState.greetings]: text }), ruleIds(seen))]
}

function chainFor(place: Place, peer: Peer, slot: Slot): Message {
  const { direction, port, requests } = place
  const name = chainName(slot.kind, peer.name)
  const table = tableName(direction, port, peer.name, tableKinds[slot.view])
  const cuts = place.cutsOf(name)
  if (slot.carries === 'http') {
    const inspect = tableName(direction, port, peer.name, 'inspect')
    return httpChain({ direction, version: slot.version, name, table, inspect, requests, cuts })
  }
  const connecting: TcpChain['connecting'] =
    slot.connecting === 'at-once'
      ? { when: 'at-once', greetings: tableName(direction, port, peer.name, 'greetings') }
      : { when: 'on-data' }
  const { recognition, view } = slot
  return tcpChain({ direction, name, recognition, connecting, table, view, cuts })
}

function toSlots(slots: readonly Slot[], peer: Peer): OnMatch {
  const chainOf = (slot: Slot): OnMatch => toChain(chainName(slot.kind, peer.name))
  const branches = slots.flatMap((slot) => (slot.when ? [{ when: slot.when, leads: chainOf(slot) }] : []))
  const rest = chainOf(slots.at(-1)!)
  return branches.length === 0 ? rest : { matcher: firstOf(branches, rest) }
}

/** A peer with nothing to hope for is reset; on a listener for many ports, on those ports. */
function branch(slots: readonly Slot[], peer: Peer, open: ReturnType<typeof openPorts>): OnMatch {
  if (!peer.enforced) return toSlots(slots, peer)
  if (open.length === 0) return toChain(denyChain)
  if (open[0]!.from === 1 && open[0]!.to === 65_535) return toSlots(slots, peer)
  const when = portsPredicate(open)
  return { matcher: firstOf([{ when, leads: toSlots(slots, peer) }], toChain(denyChain)) }
}

const isDistinct = ({ name }: Message, place: number, all: readonly Message[]): boolean =>
  all.findIndex((other) => other.name === name) === place

/** Tables are made for a peer that is reset, too: connections of the time before may still be judged by them. */
export function peerChains(place: Place, peer: Peer): PeerChains {
  const slots = place.slotsFor(peer)
  const views = [...new Set(slots.map((slot) => slot.view))]
  const rows: Rows = new Map(
    views.map((view) => [view, [...uninspected(peer, view, slots), ...rowsOf(peer.lines, view)]]),
  )
  const open = openPorts(rows, place.port)
  const denied = peer.enforced && open.length === 0
  const chains = slots.map((slot) => chainFor(place, peer, slot)).filter(isDistinct)
  return {
    chains: denied ? [] : chains,
    tables: tablesOf(place, peer, rows, slots),
    onMatch: branch(slots, peer, open),
    rights: denied
      ? []
      : slots.map((slot) => ({ chain: chainName(slot.kind, peer.name), view: slot.view, rows: rows.get(slot.view)! })),
  }
}
