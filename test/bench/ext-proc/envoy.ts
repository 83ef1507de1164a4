/** One Envoy in front of an app: a listener for each contender, and one without a filter. */
import { tokenFor } from '../../../classifier/http/authenticate.ts'
import { aProfile } from '../../../classifier/inspection/testdata/builders.ts'
import { inspectOf } from '../../../xds-server/compile/inspect-filter.ts'
import { clusterNames } from '../../../xds-server/compile/names.ts'
import { typed } from '../../../xds-server/compile/typed.ts'
import { pipeCluster } from '../../support/pipe-cluster.ts'
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
        pipeCluster('app', app, { http_protocol_options: {} }),
        ...places.flatMap(({ contender, socket }) =>
          contender === undefined ? [] : [pipeCluster(contender, socket!, { http2_protocol_options: {} })],
        ),
      ],
    },
  }
}
