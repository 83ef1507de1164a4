/**
 * HTTP chains: every request is judged by the table of the connection's peer. What is judged is what the app gets, so
 * inbound paths are normalised first; otherwise requests pass as they are (header case, host, request id).
 */
import { httpLog } from './access-logs.ts'
import { chain, idleTimeout, inspectFilter, pin, rbacFilter } from './chains.ts'
import { headsOnly } from './inspect-filter.ts'
import type { Message } from './model.ts'
import type { Direction } from './names.ts'
import { clusterNames, filterState, headerCopies, incidentHeader } from './names.ts'
import { any, typed } from './typed.ts'

export type HttpVersion = 'http1' | 'http2'

export type HttpChain = {
  readonly direction: Direction
  readonly version: HttpVersion
  readonly name: string
  readonly table: string
  /** Name of the resource that says how requests are looked into. */
  readonly inspect: string
  readonly requests: RequestHandling
  readonly cuts: number
}

/** What rules and settings ask of the way requests are read: changing it rebuilds the chain. */
export type RequestHandling = {
  /** `/a/../b` and `//b` become `/b`. */
  readonly normalisePaths: boolean
  /** To many apps `x_a` is `x-a`, which a deny rule may name. */
  readonly rejectUnderscores: boolean
  readonly revealRule: boolean
}

/** Past it a client that sends its headers by drops is refused. */
const headersTimeout = '60s'
/** The default of 1 s cuts slow readers of replies that end with the connection (measured: 17 of 20). */
const delayedCloseTimeout = '30s'
/** Streams one HTTP/2 connection may have open. */
const maxStreams = 1_000
/** What one HTTP/2 stream, and one connection, may have under way, in bytes. */
const streamWindow = 65_536
const connectionWindow = 1_048_576
/** Envoy wants a host for requests that need none; a name nobody has, so that no rule takes it for another. */
const hostOfHttp10 = 'http10.invalid'

const keepHeaderCase = {
  stateful_formatter: typed(
    'preserve_case',
    'envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig',
  ),
}

/** For clusters, too: the app sees the header names its client wrote. */
export const http1Options: Message = { header_key_format: keepHeaderCase, enable_trailers: true }

const codecs: Readonly<Record<HttpVersion, Message>> = {
  http1: {
    codec_type: 'HTTP1',
    http_protocol_options: { ...http1Options, accept_http_10: true, default_host_for_http_10: hostOfHttp10 },
  },
  http2: {
    codec_type: 'HTTP2',
    http2_protocol_options: {
      max_concurrent_streams: maxStreams,
      initial_stream_window_size: streamWindow,
      initial_connection_window_size: connectionWindow,
    },
  },
}
/** As rules and the sniffer name them. */
const applicationOf: Readonly<Record<HttpVersion, string>> = { http1: 'http', http2: 'http2' }

/**
 * Inbound, Envoy adds the peer to `x-forwarded-for`, since the app sees only the proxy. One trusted hop: what a load
 * balancer said before us (`x-forwarded-proto`) stays. Nothing here decides anything: peers are told apart by chain.
 */
const forwarding: Readonly<Record<Direction, Message>> = {
  in: { use_remote_address: true, xff_num_trusted_hops: 1 },
  out: { use_remote_address: false, skip_xff_append: true },
}

/** Ours, because a client can choose the id that Envoy takes for the stream (`x-request-id`). */
const incidentFilter = typed('incident', 'envoy.extensions.filters.http.set_filter_state.v3.Config', {
  on_request_headers: [
    {
      object_key: filterState.incident,
      factory_key: 'envoy.string',
      format_string: { text_format_source: { inline_string: '%UNIQUE_ID%' } },
    },
  ],
})

const incident = `%FILTER_STATE(${filterState.incident}:PLAIN)%`

function because(expression: string): Message {
  const filter = 'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter'
  return { extension_filter: typed('refused', filter, { expression }) }
}

/** RBAC's own refusals only (gRPC too): a 403 for another reason, or of the app, stays as it is. */
const refusedByPolicy = because("response.code_details.startsWith('rbac_access_denied')")

/** Nobody could judge it. What the classifier itself refuses has an answer of its own. */
const refusedUninspected = because("response.code_details.startsWith('ext_proc')")

function answer(filter: Message, why: string): Message {
  const text = `Denied by ${why}. Incident ${incident}\n`
  return {
    filter,
    body_format_override: { text_format_source: { inline_string: text }, content_type: 'text/plain' },
    headers_to_add: [{ header: { key: incidentHeader, value: incident } }],
  }
}

function refusal(revealRule: boolean): Message {
  return {
    mappers: [
      answer(refusedByPolicy, `policy${revealRule ? ': %RESPONSE_CODE_DETAILS%' : ''}`),
      // 503 and not Envoy's 500: the app got nothing, clients may try again
      { ...answer(refusedUninspected, 'inspection: not available'), status_code: 503 },
    ],
  }
}

const cluster: Readonly<Record<Direction, string>> = { in: clusterNames.inbound, out: clusterNames.outbound }

/**
 * Streams that need both directions at once, whose bodies nobody may hold. gRPC goes by its content type, which an
 * HTTP/1 client could write on anything to have its body not looked at; an `upgrade` header is on real upgrades only,
 * from anything else Envoy has removed it by then.
 */
const streams: Readonly<Record<HttpVersion, Message>> = {
  http1: { prefix: '/', headers: [{ name: 'upgrade', present_match: true }] },
  http2: { prefix: '/', grpc: {} },
}

/** The tunnel that a CONNECT asks for is opened by nobody here: its bytes have nothing to wait for. */
const tunnel: Message = { connect_matcher: {} }

const ownHeaders = [
  ...['x-envoy-external-address', 'x-envoy-internal', 'x-envoy-expected-rq-timeout-ms'],
  ...Object.values(headerCopies),
]

function routes({ direction, version, inspect }: HttpChain): Message {
  const route = { cluster: cluster[direction], timeout: '0s' }
  const typed_per_filter_config = { [inspect]: headsOnly }
  const refused = { match: tunnel, direct_response: { status: 405 }, typed_per_filter_config }
  const stream = { match: streams[version], route, typed_per_filter_config }
  return {
    virtual_hosts: [{ name: 'app', domains: ['*'], routes: [refused, stream, { match: { prefix: '/' }, route }] }],
    request_headers_to_remove: ownHeaders,
    validate_clusters: false,
  }
}

/** Before Envoy drops them: sensors look at what the client wrote. What is absent has no copy. */
const keepHeaders = typed('kept', 'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation', {
  mutations: Object.entries(headerCopies).flatMap(([name, copy]) => [
    { remove: copy },
    {
      append: { header: { key: copy, value: `%REQ(${name})%` }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
    },
  ]),
})

function connectionManager(it: HttpChain): Message {
  const { direction, version, table, inspect, requests } = it
  const { normalisePaths, rejectUnderscores, revealRule } = requests
  return any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: direction,
    ...codecs[version],
    ...forwarding[direction],
    ...(normalisePaths ? { normalize_path: true, merge_slashes: true } : {}),
    generate_request_id: false,
    server_header_transformation: 'PASS_THROUGH',
    common_http_protocol_options: {
      idle_timeout: idleTimeout,
      headers_with_underscores_action: rejectUnderscores ? 'REJECT_REQUEST' : 'ALLOW',
    },
    stream_idle_timeout: idleTimeout,
    request_headers_timeout: headersTimeout,
    delayed_close_timeout: delayedCloseTimeout,
    // the request that asks for it is judged like any other; CONNECT and other upgrades stay refused
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    local_reply_config: refusal(revealRule),
    access_log: [httpLog(direction)],
    early_header_mutation_extensions: [keepHeaders],
    route_config: routes(it),
    http_filters: [
      incidentFilter, //              before RBAC, whose refusal quotes it
      rbacFilter(table, 'http'), //   before anything that costs
      inspectFilter(inspect), //      what is refused anyway is not worth a look
      typed('router', 'envoy.extensions.filters.http.router.v3.Router', { suppress_envoy_headers: true }),
    ],
  })
}

export function httpChain(it: HttpChain): Message {
  return chain(it.name, it.cuts, [
    pin(applicationOf[it.version]),
    { name: 'http_connection_manager', typed_config: connectionManager(it) },
  ])
}
