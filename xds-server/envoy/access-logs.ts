/**
 * Access log messages as protobufjs decodes them: original field names, absent messages undefined, absent scalars their
 * default. Types name only what Postern reads. Nothing is copied or converted here: one Node process must decode about
 * 100,000 records a second.
 */
import { messageType } from './descriptor.ts'

/** protobufjs's 64-bit integers. */
export type Int64 = number | { toNumber(): number }
export type Timestamp = { readonly seconds: Int64; readonly nanos: number }
type Wrapped<T> = { readonly value: T }
export type SocketAddress = {
  readonly socket_address?: { readonly address: string; readonly port_value: number }
  readonly pipe?: { readonly path: string }
}
type StructValue = {
  readonly nullValue?: number
  readonly numberValue?: number
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly structValue?: Struct
  readonly listValue?: { readonly values: readonly StructValue[] }
}
export type Struct = { readonly fields: Readonly<Record<string, StructValue>> }

export type AccessLogCommon = {
  readonly downstream_remote_address?: SocketAddress
  readonly downstream_direct_remote_address?: SocketAddress
  readonly downstream_local_address?: SocketAddress
  readonly upstream_remote_address?: SocketAddress
  readonly upstream_local_address?: SocketAddress
  readonly upstream_cluster: string
  readonly start_time?: Timestamp
  readonly duration?: Timestamp
  readonly tls_properties?: { readonly tls_sni_hostname: string }
  readonly response_flags?: Readonly<Record<string, unknown>>
  readonly metadata?: { readonly filter_metadata: Readonly<Record<string, Struct>> }
  readonly custom_tags: Readonly<Record<string, string>>
  readonly connection_termination_details: string
  readonly upstream_transport_failure_reason: string
  readonly route_name: string
  readonly stream_id: string
  /** A number of `accessLogTypes`. */
  readonly access_log_type: number
  readonly downstream_wire_bytes_sent: Int64
  readonly downstream_wire_bytes_received: Int64
  readonly upstream_wire_bytes_sent: Int64
  readonly upstream_wire_bytes_received: Int64
}

export type TcpLogEntry = {
  readonly common_properties?: AccessLogCommon
  readonly connection_properties?: { readonly received_bytes: Int64; readonly sent_bytes: Int64 }
}

export type HttpLogEntry = {
  readonly common_properties?: AccessLogCommon
  readonly protocol_version: number
  readonly request?: {
    /** A number of `envoy.config.core.v3.RequestMethod`; `requestMethod()` names it. */
    readonly request_method: number
    readonly scheme: string
    readonly authority: string
    readonly path: string
    readonly original_path: string
    readonly user_agent: string
    readonly request_id: string
    readonly request_headers: Readonly<Record<string, string>>
    readonly request_headers_bytes: Int64
    readonly request_body_bytes: Int64
  }
  readonly response?: {
    readonly response_code?: Wrapped<number>
    readonly response_headers_bytes: Int64
    readonly response_body_bytes: Int64
    readonly response_headers: Readonly<Record<string, string>>
    readonly response_code_details: string
  }
}

export type AccessLogsMessage = {
  /** Only in the first message of a stream. */
  readonly identifier?: { readonly node?: { readonly id: string }; readonly log_name: string }
  readonly http_logs?: { readonly log_entry: readonly HttpLogEntry[] }
  readonly tcp_logs?: { readonly log_entry: readonly TcpLogEntry[] }
}

/** `envoy.data.accesslog.v3.AccessLogType`, the values that Postern reads (1.40). */
export const accessLogTypes = {
  tcpUpstreamConnected: 1,
  tcpPeriodic: 2,
  tcpConnectionEnd: 3,
  tcpConnectionStart: 14,
} as const

/** @throws where the bytes are no such message */
export const decodeAccessLogs = (bytes: Uint8Array): AccessLogsMessage =>
  messageType('envoy.service.accesslog.v3.StreamAccessLogsMessage').decode(bytes) as unknown as AccessLogsMessage

/** In the order of `envoy.config.core.v3.RequestMethod`. */
const requestMethods = 'UNSPECIFIED GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH'.split(' ')
export const requestMethod = (value: number): string => requestMethods[value] ?? 'UNSPECIFIED'

/** Exact up to 2^53. */
export const int64 = (value: Int64): number => (typeof value === 'number' ? value : value.toNumber())

/** Epoch milliseconds. */
export const epochMs = (time: Timestamp): number => int64(time.seconds) * 1000 + time.nanos / 1e6
