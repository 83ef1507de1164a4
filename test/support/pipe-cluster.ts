import { circuitBreakers } from '../../xds-server/compile/clusters.ts'
import { any } from '../../xds-server/compile/typed.ts'

/** An Envoy cluster of one unix socket. @param http `http_protocol_options` or `http2_protocol_options` */
export const pipeCluster = (name: string, path: string, http: object): object => ({
  name,
  type: 'STATIC',
  connect_timeout: '1s',
  circuit_breakers: circuitBreakers,
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path } } } }] }],
  },
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      { explicit_http_config: http },
    ),
  },
})
