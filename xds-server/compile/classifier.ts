/** The classifier as a cluster of every sidecar. */
import type { Message } from './model.ts'
import { clusterNames } from './names.ts'
import type { ClassifierAddress } from './options.ts'
import { discoveryOf, trustedTls } from './trusted-server.ts'
import { any } from './typed.ts'

/** On the same machine or close by: one that takes longer is as good as gone. */
const connectTimeout = '1s'

/**
 * Small windows: with Envoy's own (16 MB) 20 MB pile up for each stream that stalls, with these 3. A process that is
 * frozen is noticed after the two keepalive times together: streams that hold bodies have no timeout.
 */
const http2: Message = {
  initial_stream_window_size: 65_536,
  initial_connection_window_size: 1_048_576,
  connection_keepalive: { interval: '2s', timeout: '2s' },
}

const endpoint: {
  readonly [K in ClassifierAddress['kind']]: (it: Extract<ClassifierAddress, { kind: K }>) => Message
} = {
  // a symlink that a new process swaps by rename: Envoy looks where it leads at each connect
  unix: ({ path }) => ({ pipe: { path } }),
  tls: ({ host, port }) => ({ socket_address: { address: host, port_value: port } }),
}

const addressOf = (it: ClassifierAddress): Message => (endpoint[it.kind] as (it: ClassifierAddress) => Message)(it)

export function classifierCluster(address: ClassifierAddress, circuitBreakers: Message): Message {
  return {
    name: clusterNames.classifier,
    type: address.kind === 'tls' ? discoveryOf(address.host) : 'STATIC',
    connect_timeout: connectTimeout,
    circuit_breakers: circuitBreakers,
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        { explicit_http_config: { http2_protocol_options: http2 } },
      ),
    },
    ...(address.kind === 'tls' ? { transport_socket: trustedTls(address) } : {}),
    load_assignment: {
      cluster_name: clusterNames.classifier,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: addressOf(address) } }] }],
    },
  }
}
