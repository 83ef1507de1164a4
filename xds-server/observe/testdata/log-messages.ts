/** Access log messages as Envoy 1.40 sends them with our configuration (fields of interest; samples measured there). */
import { encode } from '../../envoy/encode.ts'

type Fields = Readonly<Record<string, unknown>>

const address = (text: string) => {
  const colon = text.lastIndexOf(':')
  return { socket_address: { address: text.slice(0, colon), port_value: Number(text.slice(colon + 1)) } }
}

export type Logged = {
  readonly type?: string
  readonly stream?: string
  readonly from?: string
  readonly to?: string
  /** ISO 8601. */
  readonly start?: string
  readonly duration?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly rbac?: Fields
  /** Dynamic metadata of the classifier. */
  readonly inspection?: Fields
  readonly details?: string
  readonly flags?: Fields
  readonly received?: number
  readonly sent?: number
  readonly request?: Fields
  readonly response?: Fields
  readonly common?: Fields
}

const common = (filter: string, entry: Logged): Fields => ({
  access_log_type: entry.type ?? 'TcpConnectionEnd',
  stream_id: entry.stream ?? 'a90e',
  downstream_remote_address: address('192.0.2.99:1'),
  downstream_direct_remote_address: address(entry.from ?? '10.21.0.101:39951'),
  downstream_local_address: address(entry.to ?? '10.21.0.2:6379'),
  start_time: entry.start ?? '2026-01-01T00:00:00Z',
  ...(entry.duration && { duration: entry.duration }),
  custom_tags: entry.tags ?? {},
  metadata: {
    filter_metadata: {
      'envoy.filters.listener.tls_inspector': { failure_reason: 'ClientHelloNotDetected' },
      ...(entry.rbac && { [filter]: entry.rbac }),
      ...(entry.inspection && { 'postern.inspection': entry.inspection }),
    },
  },
  ...(entry.flags && { response_flags: entry.flags }),
  ...(entry.details && { connection_termination_details: entry.details }),
  ...entry.common,
})

const tcpEntry = (entry: Logged): Fields => ({
  common_properties: common('envoy.filters.network.rbac', entry),
  connection_properties: { received_bytes: entry.received ?? 0, sent_bytes: entry.sent ?? 0 },
})

const httpEntry = (entry: Logged): Fields => ({
  common_properties: {
    ...common('envoy.filters.http.rbac', { type: 'DownstreamEnd', stream: '', ...entry }),
    downstream_wire_bytes_received: entry.received ?? 0,
    downstream_wire_bytes_sent: entry.sent ?? 0,
  },
  request: entry.request ?? {},
  response: entry.response ?? {},
})

const message = (body: Fields): Uint8Array => encode('envoy.service.accesslog.v3.StreamAccessLogsMessage', body)

/** The first message of a stream says who sends it and which log it is. */
export const identifier = (node: string, logName: string): Fields => ({ node: { id: node }, log_name: logName })
export const tcpLog = (entries: readonly Logged[], id?: Fields): Uint8Array =>
  message({ ...(id && { identifier: id }), tcp_logs: { log_entry: entries.map(tcpEntry) } })
export const httpLog = (entries: readonly Logged[], id?: Fields): Uint8Array =>
  message({ ...(id && { identifier: id }), http_logs: { log_entry: entries.map(httpEntry) } })
