/** One Envoy in front of an app: a listener for each contender, and one without a filter. */
import { tokenFor } from '../../../classifier/http/authenticate.ts'
import { aProfile } from '../../../classifier/http/testdata/inspector.ts'
import { inspectOf } from '../../../xds-server/compile/inspect-filter.ts'
import { clusterNames } from '../../../xds-server/compile/names.ts'
import { any, typed } from '../../../xds-server/compile/typed.ts'
import { type Contender, plan, profile, secret } from './contenders.ts'

const router = typed('router', 'envoy.extensions.filters.http.router.v3.Router')

const listener = (name: string, address: object, route: object, filters: readonly object[]) => ({
  name,
  address,
  filter_chains: [
    {
      filters: [
        typed('manager', 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
          stat_prefix: name,
          route_config: { virtual_hosts: [{ name, domains: ['*'], routes: [{ match: { prefix: '/' }, ...route }] }] },
          http_filters: [...filters, router],
        }),
      ],
    },
  ],
})

const cluster = (name: string, path: string, http: object) => ({
  name,
  type: 'STATIC',
  connect_timeout: '1s',
  circuit_breakers: {
    thresholds: [{ max_connections: 10_000, max_pending_requests: 10_000, max_requests: 10_000, max_retries: 10_000 }],
  },
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path } } } }] }],
  },
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      {
        explicit_http_config: http,
      },
    ),
  },
})

/** The filter as compiled, but for where it asks. */
function inspect(contender: Contender): object {
  const asked = { kind: 'inline', profile: aProfile(profile), plan } as const
  const text = JSON.stringify(inspectOf(asked, (id) => tokenFor(secret, id)))
  return {
    name: 'inspect',
    typed_config: JSON.parse(
      text.replace(`"cluster_name":"${clusterNames.classifier}"`, `"cluster_name":"${contender}"`),
    ),
  }
}

export type Place = {
  readonly port: number
  readonly socket: string | undefined
  readonly contender: Contender | undefined
}

export function configuration(places: readonly Place[], app: string): object {
  const toApp = { route: { cluster: 'app' } }
  return {
    static_resources: {
      listeners: [
        ...places.map(({ port, contender }) =>
          listener(
            `${port}`,
            { socket_address: { address: '127.0.0.1', port_value: port } },
            toApp,
            contender === undefined ? [] : [inspect(contender)],
          ),
        ),
      ],
      clusters: [
        cluster('app', app, { http_protocol_options: {} }),
        ...places.flatMap(({ contender, socket }) =>
          contender === undefined ? [] : [cluster(contender, socket!, { http2_protocol_options: {} })],
        ),
      ],
    },
  }
}
