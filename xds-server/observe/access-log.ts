/**
 * Envoy's access log messages become `AccessRecord`s: the one place that knows what Postern's sidecars log, and where
 * (measured on Envoy 1.40; the compiler emits these logs). Everything in a message was written by a sidecar that may be
 * in an attacker's hands: texts are cut, an entry that does not fit is counted and left out, nothing here throws.
 * Never believes the message about who sent it: the node comes from the stream's proven identity.
 */
import { inspectionMetadata, type LogName, logTags, parseLogName } from '../compile/names.ts'
import {
  type AccessLogCommon,
  type AccessLogsMessage,
  accessLogTypes,
  decodeAccessLogs,
  epochMs,
  type HttpLogEntry,
  int64,
  requestMethod,
  type SocketAddress,
  type Struct,
  type TcpLogEntry,
} from '../envoy/access-logs.ts'
import { isApplication } from '../policy/applications.ts'
import { normalisePath } from '../policy/http-path.ts'
import { nameOfRequest } from '../policy/request-names.ts'
import { readInspected } from './inspected.ts'
import type { AccessRecord } from './model.ts'

/** Why something could not be used; the metric's label. */
type Rejection = 'protobuf' | 'identifier' | 'log name' | 'kind' | 'address' | 'phase' | 'stream' | 'request'

/** Of a path or a host; what is longer is cut, so that evidence stays small. */
export const maxTextLength = 2_048
/** Of a rule id or a name. */
const maxNameLength = 256
/** How long a record may have waited in Envoy; an older one counts as this old, one of the future as now. */
export const maxRecordAgeMilliseconds = 3_600_000

/** What a stream's first message says about itself: a claim. Undefined where it says nothing usable. */
export function identify(bytes: Uint8Array): { readonly nodeId: string; readonly logName: string } | undefined {
  const identifier = decode(bytes)?.identifier
  if (!identifier?.node?.id) return undefined
  return { nodeId: identifier.node.id, logName: identifier.log_name }
}

export type LogReaderOptions = {
  /** Proven, not claimed. */
  readonly node: string
  readonly logName: string
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly onRejected: (reason: Rejection) => void
}
/** One message's records, in its order. */
export type LogReader = (bytes: Uint8Array) => readonly AccessRecord[]

/** A reader for one stream: a stream carries one log. */
export function createLogReader(options: LogReaderOptions): LogReader {
  const log = parseLogName(options.logName)
  return (bytes) => {
    const message = decode(bytes)
    if (log === undefined || message === undefined) {
      options.onRejected(log === undefined ? 'log name' : 'protobuf')
      return []
    }
    return readMessage(message, { ...options, log, at: options.now() })
  }
}

function decode(bytes: Uint8Array): AccessLogsMessage | undefined {
  try {
    return decodeAccessLogs(bytes)
  } catch {
    return undefined // protobufjs throws on bytes that are no such message; the caller counts it
  }
}

type Context = LogReaderOptions & { readonly log: LogName; readonly at: number }
type Read = AccessRecord | Rejection | 'skip'

function readMessage(message: AccessLogsMessage, context: Context): readonly AccessRecord[] {
  const records: AccessRecord[] = []
  const take = (read: Read) => {
    if (typeof read !== 'string') records.push(read)
    else if (read !== 'skip') context.onRejected(read)
  }
  for (const entry of message.tcp_logs?.log_entry ?? []) take(readTcp(entry, context))
  for (const entry of message.http_logs?.log_entry ?? []) take(readHttp(entry, context))
  return records
}

/** A listener's own log has no type: it is written when the connection is over. */
const phases: Readonly<Record<number, AccessRecord['phase']>> = {
  0: 'end',
  [accessLogTypes.tcpConnectionStart]: 'start',
  [accessLogTypes.tcpUpstreamConnected]: 'connected',
  [accessLogTypes.tcpPeriodic]: 'periodic',
  [accessLogTypes.tcpConnectionEnd]: 'end',
}

function readTcp({ common_properties: common, connection_properties: bytes }: TcpLogEntry, context: Context): Read {
  if (!common || context.log.kind === 'http') return 'kind'
  const phase = phases[common.access_log_type]
  if (phase === undefined) return 'phase'
  // The deny chain "connects" to the loopback resetter: only its end means something.
  if (context.log.kind === 'deny' && phase !== 'end') return 'skip'
  if (common.stream_id === '' && phase !== 'end') return 'stream'
  const shared = readCommon(common, context)
  if (typeof shared === 'string') return shared
  const rbac = common.metadata?.filter_metadata['envoy.filters.network.rbac']
  const shadow = decision(rbac, 'shadow')
  const enforced = refusal(common.connection_termination_details)
  const refused = common.custom_tags[logTags.refused]
  return {
    ...shared,
    kind: 'tcp',
    phase,
    stream: cut(common.stream_id, maxNameLength),
    bytesReceived: bytes ? int64(bytes.received_bytes) : 0,
    bytesSent: bytes ? int64(bytes.sent_bytes) : 0,
    shadow,
    enforced,
    denyChain: context.log.kind === 'deny',
    // The sniffer closed it before the client got a byte; the log has no other sign of it.
    application: shared.application ?? application(refused),
    greetingRefused: refused !== undefined,
    http: undefined,
    details: cut(common.connection_termination_details, maxNameLength),
  }
}

function readHttp(entry: HttpLogEntry, context: Context): Read {
  const { common_properties: common, request, response } = entry
  if (!common || context.log.kind !== 'http') return 'kind'
  if (!request) return 'request'
  const shared = readCommon(common, context)
  if (typeof shared === 'string') return shared
  const rbac = common.metadata?.filter_metadata['envoy.filters.http.rbac']
  const incident = cut(common.custom_tags[logTags.incident] ?? '', maxNameLength)
  const grpc = isGrpc(shared.application, request.request_headers['content-type'])
  const path = cut(request.path, maxTextLength)
  const host = cut(request.authority, maxNameLength)
  const inspected = readInspected(common.metadata?.filter_metadata[inspectionMetadata])
  return {
    ...shared,
    kind: 'http',
    phase: 'end',
    stream: incident,
    application: named(grpc ? 'grpc' : shared.application, entry),
    serverName: shared.serverName ?? (context.log.direction === 'out' ? host : undefined),
    bytesReceived: int64(common.downstream_wire_bytes_received),
    bytesSent: int64(common.downstream_wire_bytes_sent),
    shadow: decision(rbac, 'shadow'),
    enforced: decision(rbac, 'enforced'),
    denyChain: false,
    greetingRefused: false,
    http: {
      method: requestMethod(request.request_method),
      path,
      host,
      status: response?.response_code?.value ?? 0,
      incident,
      grpc: grpc ? withoutQuery(path).slice(1) : undefined,
      ...(inspected && { inspected }),
    },
    details: cut(response?.response_code_details ?? '', maxNameLength),
  }
}

/** The name that the request shows, if it shows one. */
function named(carrier: string | undefined, { request }: HttpLogEntry): string | undefined {
  if (carrier === undefined || request === undefined) return carrier
  const { request_method: method, path, authority, request_headers, user_agent } = request
  const headers = user_agent === '' ? request_headers : { ...request_headers, 'user-agent': user_agent }
  const at = withoutQuery(path)
  const seen = { method: requestMethod(method), path: normalisePath(at) ?? at, host: authority, headers }
  return nameOfRequest(carrier, carrier === 'grpc' ? { ...seen, grpc: at.slice(1) } : seen) ?? carrier
}

type Shared = Pick<
  AccessRecord,
  'node' | 'direction' | 'at' | 'startedAt' | 'source' | 'destination' | 'application' | 'serverName' | 'flags'
>

const directions = { in: 'inbound', out: 'outbound' } as const

function readCommon(common: AccessLogCommon, { node, log, at: now }: Context): Shared | Rejection {
  // The direct one is the peer on the wire; the other may be what x-forwarded-for claims.
  const source = readAddress(common.downstream_direct_remote_address)
  const destination = readAddress(common.downstream_local_address)
  if (source === undefined || destination === undefined) return 'address'
  const startedAt = common.start_time ? Math.trunc(epochMs(common.start_time)) : now
  // Only end records have a duration; the others are written when they are sent.
  const at = Math.min(now, Math.max(now - maxRecordAgeMilliseconds, endOf(common, startedAt) ?? now))
  const serverName = common.custom_tags[logTags.serverName]
  return {
    node,
    direction: directions[log.direction],
    at,
    startedAt: Math.min(startedAt, at),
    source,
    destination,
    application: application(common.custom_tags[logTags.application]),
    serverName: serverName === undefined || serverName === '' ? undefined : cut(serverName, maxNameLength),
    flags: common.response_flags ? Object.keys(common.response_flags).join() : '',
  }
}

const endOf = ({ duration }: AccessLogCommon, startedAt: number): number | undefined =>
  duration ? Math.trunc(startedAt + epochMs(duration)) : undefined

function readAddress(address: SocketAddress | undefined): AccessRecord['source'] | undefined {
  const socket = address?.socket_address
  return socket ? { ip: cut(socket.address, maxNameLength), port: socket.port_value } : undefined
}

/** The rule that an RBAC filter logged, and what it meant. */
function decision(rbac: Struct | undefined, which: 'shadow' | 'enforced'): AccessRecord['shadow'] {
  const rule = rbac?.fields[`${which}_effective_policy_id`]?.stringValue
  if (typeof rule !== 'string') return undefined
  return { rule: cut(rule, maxNameLength), denied: rbac?.fields[`${which}_engine_result`]?.stringValue === 'denied' }
}

const refusalPattern = /^rbac_access_denied_matched_policy\[(.*)\]$/

/** TCP has no metadata for an enforced deny, only these words. */
function refusal(details: string): AccessRecord['enforced'] {
  const rule = details === '' ? undefined : refusalPattern.exec(details)?.[1]
  return rule === undefined ? undefined : { rule: cut(rule, maxNameLength), denied: true }
}

/** A name that rules can use; the sniffer knows no others, so anything else is of a sidecar that lies. */
function application(name: string | undefined): string | undefined {
  if (name === undefined || name === '') return undefined
  return isApplication(name) ? name : 'unknown'
}

const isGrpc = (application: string | undefined, contentType: string | undefined): boolean =>
  application === 'http2' && contentType !== undefined && /^application\/grpc($|[+;])/.test(contentType)

const withoutQuery = (path: string): string => path.split('?', 1)[0]!
const cut = (text: string, length: number): string => (text.length > length ? text.slice(0, length) : text)
