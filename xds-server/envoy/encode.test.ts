import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { messageType } from './descriptor.ts'
import { any, EncodingError, encode, type PlainMessage } from './encode.ts'

const tcpProxy = {
  '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
  stat_prefix: 't',
  cluster: 'app',
  idle_timeout: '1.5s',
  upstream_connect_mode: 'ON_DOWNSTREAM_DATA',
  max_early_data_bytes: 65536,
  check_drain_close: true,
}

function problem(body: PlainMessage): string {
  try {
    any(body)
  } catch (error) {
    if (error instanceof EncodingError) return error.message
    throw error
  }
  return 'accepted'
}
const listener = (fields: PlainMessage) => problem({ '@type': 'envoy.config.listener.v3.Listener', ...fields })

describe('golden bytes', () => {
  test('an Any of the fields that only our overlay knows', () => {
    const packed = any(tcpProxy)
    expect(packed.typeUrl).toBe('type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy')
    // 1: "t", 2: "app", 8: {1: 1, 2: 500000000}, 21: 1, 22: {1: 65536}, 24: {1: true}
    expect(Buffer.from(packed.value).toString('hex')).toBe(
      '0a0174' + '1203617070' + '420808011080cab5ee01' + 'a80101' + 'b201040880' + '8004' + 'c201020801',
    )
  })

  test('an Any inside a message carries its type under type_url (a wrong key would be dropped silently)', () => {
    const bytes = encode('envoy.config.core.v3.TypedExtensionConfig', {
      name: 'n',
      typed_config: { '@type': 'google.protobuf.StringValue', value: 'x' },
    })
    const inner = Buffer.concat([
      Buffer.from('0a2f', 'hex'),
      Buffer.from('type.googleapis.com/google.protobuf.StringValue'),
      Buffer.from('1203' + '0a0178', 'hex'),
    ])
    const expected = Buffer.concat([Buffer.from('0a016e12', 'hex'), Buffer.from([inner.length]), inner])
    expect(Buffer.from(bytes)).toEqual(expected)
  })
})

describe('JSON forms', () => {
  const decoded = (typeName: string, body: PlainMessage) =>
    messageType(typeName).toObject(messageType(typeName).decode(encode(typeName, body)), { enums: String })

  test('wrappers are scalars, bytes are base64 or Uint8Array, enums are names, Struct is JSON', () => {
    const inline = { local: { inline_bytes: 'AAEC' } }
    const wasm = {
      '@type': 'envoy.extensions.filters.network.wasm.v3.Wasm',
      config: {
        failure_policy: 'FAIL_RELOAD',
        reload_config: { backoff: { base_interval: '1s' } },
        configuration: { '@type': 'google.protobuf.Struct', value: { list: [1, 'a', null, true, { deep: {} }] } },
        vm_config: { vm_id: 'v', code: inline },
      },
    }
    const sameWithBytes = structuredClone(wasm) as typeof wasm
    Object.assign(sameWithBytes.config.vm_config.code.local, { inline_bytes: new Uint8Array([0, 1, 2]) })
    expect(any(wasm)).toEqual(any(sameWithBytes))
    expect(
      decoded('envoy.config.core.v3.SocketOption', {
        level: 1,
        name: 13,
        buf_value: 'AQAAAA==',
        state: 'STATE_LISTENING',
      }),
    ).toMatchObject({ state: 'STATE_LISTENING', buf_value: Buffer.from([1, 0, 0, 0]) })
  })

  test('durations keep every nanosecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), fc.integer({ min: 0, max: 999_999_999 }), (seconds, nanos) => {
        const text = `${seconds}.${String(nanos).padStart(9, '0')}s`
        const object = decoded('envoy.config.cluster.v3.Cluster', { connect_timeout: text })
        const { seconds: s = 0, nanos: n = 0 } = object.connect_timeout
        expect([Number(s), n]).toEqual([seconds, nanos])
      }),
    )
  })

  test('the order of map keys changes no byte', () => {
    const metadata = (entries: [string, number][]) =>
      encode('envoy.config.core.v3.Metadata', {
        filter_metadata: Object.fromEntries(entries.map(([key, n]) => [key, { n, [key]: n }])),
      })
    fc.assert(
      fc.property(
        fc
          .uniqueArray(fc.tuple(fc.string(), fc.integer()), { selector: ([key]) => key, maxLength: 6 })
          .chain((entries) =>
            fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries, { minLength: entries.length })),
          ),
        ([entries, shuffled]) => {
          expect(metadata(shuffled)).toEqual(metadata(entries))
        },
      ),
    )
  })
})

test.each([
  [{ nme: 'x' }, 'nme: no such field in envoy.config.listener.v3.Listener'],
  [{ name: 1 }, 'name: must be a string'],
  [{ constructor: 1 }, 'constructor: no such field in envoy.config.listener.v3.Listener'],
  [{ filter_chains: {} }, 'filter_chains: must be a list'],
  [
    { filter_chains: [{ filters: [7] }] },
    'filter_chains[0].filters[0]: must be an object (envoy.config.listener.v3.Filter)',
  ],
  [
    { filter_chains: [{ filters: [{ typed_config: { ...tcpProxy, idle_timeout: '5m' } }] }] },
    'filter_chains[0].filters[0].typed_config.idle_timeout: must be a duration such as 1.5s',
  ],
  [
    { filter_chains: [{ filters: [{ typed_config: { ...tcpProxy, upstream_connect_mode: 'LATER' } }] }] },
    'filter_chains[0].filters[0].typed_config.upstream_connect_mode: "LATER" is no value of envoy.extensions.filters.network.tcp_proxy.v3.UpstreamConnectMode',
  ],
  [
    { filter_chains: [{ filters: [{ typed_config: { ...tcpProxy, weighted_clusters: {} } }] }] },
    'filter_chains[0].filters[0].typed_config: only one of cluster, weighted_clusters can be set',
  ],
  [
    { default_filter_chain: { filters: [{ typed_config: {} }] } },
    'default_filter_chain.filters[0].typed_config: must be an object with @type',
  ],
  [{ access_log: [{ typed_config: { '@type': 'a.b.C' } }] }, 'access_log[0].typed_config.@type: unknown message a.b.C'],
  [{ metadata: { filter_metadata: { 'a.b': 7 } } }, 'metadata.filter_metadata["a.b"]: must be an object'],
  [{ per_connection_buffer_limit_bytes: -1 }, 'per_connection_buffer_limit_bytes: must be a unsigned 32-bit integer'],
  [
    { address: { socket_address: { port_value: 1.5 } } },
    'address.socket_address.port_value: must be an integer (uint32)',
  ],
  [{ socket_options: [{ buf_value: '%' }] }, 'socket_options[0].buf_value: must be bytes or base64 text'],
])('%j is refused with its path', (fields, message) => {
  expect(listener(fields)).toBe(message)
})
