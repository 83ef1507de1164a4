import { expect, test } from 'vitest'
import { accessLogTypes, decodeAccessLogs, epochMs, int64 } from './access-logs.ts'
import { messageType } from './descriptor.ts'
import { decodeDeltaRequest, decodeSotwRequest, encodeDeltaResponse, encodeSotwResponse } from './discovery.ts'
import { encode } from './encode.ts'

const node = {
  id: 'pod-1',
  user_agent_name: 'envoy',
  user_agent_build_version: { version: { major_number: 1, minor_number: 40, patch: 0 } },
}
const listenerUrl = 'type.googleapis.com/envoy.config.listener.v3.Listener'

test('a delta request is read whole', () => {
  const bytes = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
    node,
    type_url: listenerUrl,
    resource_names_subscribe: ['a'],
    resource_names_unsubscribe: ['b'],
    initial_resource_versions: { c: '1' },
    response_nonce: '7',
    error_detail: { code: 13, message: 'no' },
  })
  expect(decodeDeltaRequest(bytes)).toEqual({
    node: { id: 'pod-1', version: '1.40.0' },
    typeUrl: listenerUrl,
    subscribe: ['a'],
    unsubscribe: ['b'],
    initialVersions: new Map([['c', '1']]),
    nonce: '7',
    error: { code: 13, message: 'no' },
  })
})

test('an empty request has no node and no error', () => {
  expect(decodeDeltaRequest(new Uint8Array())).toEqual({
    node: undefined,
    typeUrl: '',
    subscribe: [],
    unsubscribe: [],
    initialVersions: new Map(),
    nonce: '',
    error: undefined,
  })
})

test('a state-of-the-world request is read whole', () => {
  const bytes = encode('envoy.service.discovery.v3.DiscoveryRequest', {
    node: { id: 'pod-1', user_agent_version: 'x' },
    type_url: listenerUrl,
    resource_names: ['a', 'b'],
    version_info: '3',
    response_nonce: '7',
  })
  expect(decodeSotwRequest(bytes)).toEqual({
    node: { id: 'pod-1', version: 'x' },
    typeUrl: listenerUrl,
    names: ['a', 'b'],
    version: '3',
    nonce: '7',
    error: undefined,
  })
})

test('responses carry resources as Any of the response type', () => {
  const value = encode('envoy.config.listener.v3.Listener', { name: 'a' })
  const content = { typeUrl: listenerUrl, nonce: '5', version: 'v', resources: [{ name: 'a', version: 'h', value }] }
  const delta = messageType('envoy.service.discovery.v3.DeltaDiscoveryResponse')
  expect(delta.toObject(delta.decode(encodeDeltaResponse({ ...content, removed: ['z'] })))).toEqual({
    system_version_info: 'v',
    type_url: listenerUrl,
    nonce: '5',
    resources: [{ name: 'a', version: 'h', resource: { type_url: listenerUrl, value: Buffer.from(value) } }],
    removed_resources: ['z'],
  })
  const sotw = messageType('envoy.service.discovery.v3.DiscoveryResponse')
  expect(sotw.toObject(sotw.decode(encodeSotwResponse(content)))).toEqual({
    version_info: 'v',
    type_url: listenerUrl,
    nonce: '5',
    resources: [{ type_url: listenerUrl, value: Buffer.from(value) }],
  })
})

test('an access log record as Envoy 1.40 writes it', () => {
  const bytes = encode('envoy.service.accesslog.v3.StreamAccessLogsMessage', {
    identifier: { node, log_name: 'in|tcp' },
    tcp_logs: {
      log_entry: [
        {
          common_properties: {
            start_time: '2026-01-02T03:04:05.250Z',
            downstream_wire_bytes_received: 2 ** 40,
            access_log_type: 'TcpConnectionStart',
            custom_tags: { app: 'redis' },
          },
        },
      ],
    },
  })
  const message = decodeAccessLogs(bytes)
  const common = message.tcp_logs!.log_entry[0]!.common_properties!
  expect(message.identifier?.node?.id).toBe('pod-1')
  expect(common.access_log_type).toBe(accessLogTypes.tcpConnectionStart)
  expect(epochMs(common.start_time!)).toBe(Date.parse('2026-01-02T03:04:05.250Z'))
  expect(int64(common.downstream_wire_bytes_received)).toBe(2 ** 40)
  expect(common.custom_tags).toEqual({ app: 'redis' })
  expect(common.stream_id).toBe('')
})
