/**
 * Access logs to the control plane (ALS): the only source of the map, the learner and the counters.
 * What the records look like is written down in `observe/access-log.ts`.
 */
import { namingHeaders } from '../policy/request-names.ts'
import type { Message } from './model.ts'
import type { Direction } from './names.ts'
import { clusterNames, filterState, logName, logTags } from './names.ts'
import { typed } from './typed.ts'

const fromState = (key: string): string => `%FILTER_STATE(${key}:PLAIN)%`

/** A tag without a value is left out of the record. */
const tags = {
  application: { tag: logTags.application, value: fromState(filterState.application) },
  refused: { tag: logTags.refused, value: fromState(filterState.refused) },
  incident: { tag: logTags.incident, value: fromState(filterState.incident) },
  sniffedName: { tag: logTags.serverName, value: fromState(filterState.serverName) },
  inspectedName: { tag: logTags.serverName, value: '%REQUESTED_SERVER_NAME%' },
} as const satisfies Record<string, Message>

function common(name: string, custom_tags: readonly Message[]): Message {
  return {
    log_name: name,
    // authenticated by the cluster itself: see bootstrap.ts
    grpc_service: { envoy_grpc: { cluster_name: clusterNames.controlPlane } },
    transport_api_version: 'V3',
    buffer_flush_interval: '0.5s',
    ...(custom_tags.length > 0 ? { custom_tags } : {}),
  }
}

function tcpLogger(name: string, custom_tags: readonly Message[]): Message {
  const config = { common_config: common(name, custom_tags) }
  return typed(name, 'envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig', config)
}

/** Who recognised the TLS hello has read the server name: the sniffer, or the inspector that led to a pinned chain. */
export function tcpLog(direction: Direction, sniffed: boolean): Message {
  const serverName = sniffed ? tags.sniffedName : tags.inspectedName
  return tcpLogger(logName(direction, 'tcp'), [tags.application, tags.refused, serverName])
}

export function denyLog(direction: Direction): Message {
  return tcpLogger(logName(direction, 'deny'), [])
}

/** `content-type` tells gRPC from other HTTP/2; the others names that requests show. `user-agent` is logged anyway. */
const loggedHeaders = [...new Set(['content-type', ...namingHeaders])].filter((name) => name !== 'user-agent').sort()

export function httpLog(direction: Direction): Message {
  const name = logName(direction, 'http')
  return typed(name, 'envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig', {
    common_config: common(name, [tags.application, tags.incident]),
    additional_request_headers_to_log: loggedHeaders,
  })
}

/** Only what no chain took (a client that was silent for too long): everything else is in a chain's own log. */
export function listenerLog(direction: Direction): Message {
  const filter = 'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter'
  const expression = "!has(xds.filter_chain_name) || xds.filter_chain_name == ''"
  return {
    filter: { extension_filter: typed('unclaimed', filter, { expression }) },
    ...tcpLogger(logName(direction, 'listener'), []),
  }
}
