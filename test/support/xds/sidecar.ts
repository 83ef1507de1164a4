/** A real Envoy that gets everything from our xDS server over TLS with a token. */
import { type EnvoyProcess, startEnvoy } from '../envoy.ts'

export type SidecarOptions = {
  readonly id: string
  readonly token: string
  readonly xdsPort: number
  readonly ca: string
  readonly protocol?: 'delta' | 'sotw'
}

function bootstrap({ id, token, xdsPort, ca, protocol }: SidecarOptions): object {
  const source = { resource_api_version: 'V3', ads: {}, initial_fetch_timeout: '0s' }
  return {
    node: { id, cluster: 'test' },
    dynamic_resources: {
      lds_config: source,
      cds_config: source,
      ads_config: {
        api_type: protocol === 'sotw' ? 'GRPC' : 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: 'xds',
              retry_policy: { retry_back_off: { base_interval: '0.1s', max_interval: '0.2s' } },
            },
            initial_metadata: [{ key: 'authorization', value: `Bearer ${token}` }],
          },
        ],
      },
    },
    static_resources: { clusters: [xdsCluster(xdsPort, ca)] },
  }
}

const xdsCluster = (port: number, ca: string) => ({
  name: 'xds',
  type: 'STATIC',
  connect_timeout: '1s',
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http2_protocol_options: { connection_keepalive: { interval: '5s', timeout: '2s' } } },
    },
  },
  transport_socket: {
    name: 'tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      sni: 'xds.postern',
      common_tls_context: {
        validation_context: {
          trusted_ca: { inline_string: ca },
          match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'xds.postern' } }],
        },
      },
    },
  },
  load_assignment: {
    cluster_name: 'xds',
    endpoints: [
      { lb_endpoints: [{ endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } } }] },
    ],
  },
})

export const startSidecar = (options: SidecarOptions): Promise<EnvoyProcess> => startEnvoy(bootstrap(options))
