/** The clusters every sidecar has: the same for all, so they are sent once and never change. */
import { classifierCluster } from './classifier.ts'
import { http1Options } from './http-chains.ts'
import type { Message } from './model.ts'
import { clusterNames, proxyPorts } from './names.ts'
import type { ClassifierAddress } from './options.ts'
import { any } from './typed.ts'

/** Envoy's default is 1,024 of each: a busy app passes that. The sidecar's memory is bounded by its overload manager. */
const unlimited = 1_000_000
const connectTimeout = '10s'

export const circuitBreakers: Message = {
  thresholds: [
    {
      max_connections: unlimited,
      max_pending_requests: unlimited,
      max_requests: unlimited,
      max_retries: unlimited,
    },
  ],
}

const sameProtocol: Message = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    { use_downstream_protocol_config: { http_protocol_options: http1Options, http2_protocol_options: {} } },
  ),
}

/** To where the client wanted to go. Its own connection upstream for each, so that both live and die together. */
function originalDestination(name: string, fields: Message): Message {
  return {
    name,
    type: 'ORIGINAL_DST',
    lb_policy: 'CLUSTER_PROVIDED',
    connect_timeout: connectTimeout,
    circuit_breakers: circuitBreakers,
    connection_pool_per_downstream_connection: true,
    typed_extension_protocol_options: sameProtocol,
    ...fields,
  }
}

const address = (text: string, port: number): Message => ({ address: text, port_value: port })

/** The redirect lets these sources pass to the app: anything else would come back to us. */
const passingSources: Message = {
  source_address: address('127.0.0.6', 0),
  extra_source_addresses: [{ address: address('::6', 0) }],
}

function resetter(): Message {
  const endpoint = { address: { socket_address: address('127.0.0.1', proxyPorts.resetter) } }
  return {
    name: clusterNames.resetter,
    type: 'STATIC',
    connect_timeout: connectTimeout,
    circuit_breakers: circuitBreakers,
    load_assignment: { cluster_name: clusterNames.resetter, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  }
}

/** Sorted by name. */
export function clusters(classifier: ClassifierAddress | undefined): readonly Message[] {
  return [
    ...(classifier ? [classifierCluster(classifier, circuitBreakers)] : []),
    originalDestination(clusterNames.inbound, { upstream_bind_config: passingSources }),
    originalDestination(clusterNames.outbound, {}),
    resetter(),
  ]
}
