/**
 * Filter chains: what happens to a connection once its peer is known. A chain's body depends on the kind of port and on
 * names, never on rules: these come by name (ECDS), so that an edit of rules leaves chains, and the connections in
 * them, alone. The one thing in a chain that is meant to change is the count of its cuts.
 */
import { denyLog, tcpLog } from './access-logs.ts'
import type { Message } from './model.ts'
import type { Direction } from './names.ts'
import { clusterNames, denyChain, filterState, passChain, selfChain, snifferName } from './names.ts'
import { rbacWhileMissing } from './rbac.ts'
import type { View } from './table.ts'
import { any, typed, types } from './typed.ts'

/** A client-first connection may bring this much before the app is connected; past it Envoy reads no further. */
const maxEarlyBytes = 65_536
/** Envoy's default, said here because a client that connects and leaves without a byte stays until then. */
export const idleTimeout = '3600s'
/** How long a listener waits for a table that was not sent before it; then the chain denies. */
const tableWait = '5s'

/** How the application of a connection becomes known. */
export type Recognition =
  | { readonly by: 'sniffer' }
  /** Told beforehand: by the kind of chain, or because the port is trusted. */
  | { readonly by: 'pin'; readonly application: string }

/** `at-once`: the server may speak first. `on-data`: a denied client causes no connection to the app. */
type Connecting = { readonly when: 'at-once'; readonly greetings: string } | { readonly when: 'on-data' }

export type TcpChain = {
  readonly direction: Direction
  readonly name: string
  readonly recognition: Recognition
  readonly connecting: Connecting
  readonly table: string
  readonly view: View
  readonly cuts: number
}

/**
 * A filter that is configured by a resource of its own, of one of these types. No `fallback`: without it connections
 * are closed.
 */
function discovered(name: string, kinds: readonly string[], fallback?: Message): Message {
  return {
    name,
    config_discovery: {
      config_source: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: tableWait },
      type_urls: kinds.map((type) => `type.googleapis.com/${type}`),
      ...(fallback ? { default_config: fallback } : {}),
    },
  }
}

/** Filter state, set when a connection arrives. */
export function filterStates(values: Readonly<Record<string, string>>): Message {
  const on_new_connection = Object.entries(values).map(([object_key, text]) => ({
    object_key,
    factory_key: 'envoy.string',
    format_string: { text_format_source: { inline_string: text } },
  }))
  return any(types.networkFilterState, { on_new_connection })
}

export function pin(application: string): Message {
  return { name: 'pin', typed_config: filterStates({ [filterState.application]: application }) }
}

const rbacTypes: Readonly<Record<View, string>> = {
  tcp: types.networkRbac,
  tls: types.networkRbac,
  http: types.httpRbac,
}

export function rbacFilter(table: string, view: View): Message {
  return discovered(table, [rbacTypes[view]], rbacWhileMissing(view))
}

/** Whether and how requests are looked into: what it is changes with sensors and modes, and denies while missing. */
export function inspectFilter(name: string): Message {
  return discovered(name, [types.externalProcessor, types.httpFilterState, types.httpRbac], rbacWhileMissing('http'))
}

/** Nobody may greet, while we do not know who may. */
const noGreetings = filterStates({ [filterState.greetings]: '-' })

function tcpProxy(direction: Direction, fields: Message): Message {
  return typed('tcp_proxy', 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
    stat_prefix: direction,
    idle_timeout: idleTimeout,
    ...fields,
  })
}

const appCluster: Readonly<Record<Direction, string>> = { in: clusterNames.inbound, out: clusterNames.outbound }

const connectMode: Readonly<Record<Connecting['when'], Message>> = {
  'at-once': {},
  'on-data': { upstream_connect_mode: 'ON_DOWNSTREAM_DATA', max_early_data_bytes: maxEarlyBytes },
}

/**
 * Records while a connection lives. Where the app is connected at once, the first record that knows the application is
 * one of these: a pooled connection that stays open for hours must not stay nameless for a minute.
 */
const logEvery: Readonly<Record<Connecting['when'], string>> = { 'at-once': '5s', 'on-data': '60s' }

function loggedProxy({ direction, connecting, recognition }: TcpChain): Message {
  return tcpProxy(direction, {
    cluster: appCluster[direction],
    ...connectMode[connecting.when],
    // a chain that is cut ends busy connections at their next byte
    check_drain_close: true,
    access_log: [tcpLog(direction, recognition.by === 'sniffer')],
    access_log_options: {
      flush_access_log_on_start: true,
      flush_access_log_on_connected: true,
      access_log_flush_interval: logEvery[connecting.when],
    },
  })
}

export function chain(name: string, cuts: number, filters: readonly Message[]): Message {
  return { name, ...(cuts > 0 ? { metadata: { filter_metadata: { postern: { cuts } } } } : {}), filters }
}

/** In the order Envoy runs them. */
export function tcpChain(it: TcpChain): Message {
  const { connecting, recognition } = it
  return chain(it.name, it.cuts, [
    //  before the sniffer, which reads it
    ...(connecting.when === 'at-once'
      ? [discovered(connecting.greetings, [types.networkFilterState], noGreetings)]
      : []),
    recognition.by === 'pin' ? pin(recognition.application) : discovered(snifferName, [types.wasm]),
    rbacFilter(it.table, it.view),
    loggedProxy(it),
  ])
}

/** Resets at once: no rule could ever allow anything. */
export function denyingChain(direction: Direction): Message {
  return chain(denyChain, 0, [
    tcpProxy(direction, { cluster: clusterNames.resetter, access_log: [denyLog(direction)] }),
  ])
}

/** Somebody connected to the proxy's own port: forwarding it would come back here. */
export function ownPortChain(direction: Direction): Message {
  return chain(selfChain, 0, [tcpProxy(direction, { cluster: clusterNames.resetter })])
}

/** East-west: the destination's sidecar decides and logs. */
export function passingChain(): Message {
  return chain(passChain, 0, [tcpProxy('out', { cluster: clusterNames.outbound })])
}
