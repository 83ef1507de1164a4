/** What we are compared to: the same interception and the same way to the app, and nothing in between but a proxy. */
import type { Message } from '../../../xds-server/compile/model.ts'
import { ports } from './worlds.ts'

const listeners = 'envoy.extensions.filters.listener.'
const filters = 'envoy.extensions.filters.network.'
const inboundPort = 15006

const any = (type: string, fields: Message = {}): Message => ({ '@type': `type.googleapis.com/${type}`, ...fields })
const at = (address: string, port: number): Message => ({ socket_address: { address, port_value: port } })

const tcpProxy: Message = {
  name: 'tcp_proxy',
  typed_config: any(`${filters}tcp_proxy.v3.TcpProxy`, { stat_prefix: 'in', cluster: 'app' }),
}

const connectionManager: Message = {
  name: 'http_connection_manager',
  typed_config: any(`${filters}http_connection_manager.v3.HttpConnectionManager`, {
    stat_prefix: 'in',
    route_config: {
      virtual_hosts: [{ name: 'app', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'app' } }] }],
    },
    http_filters: [{ name: 'router', typed_config: any('envoy.extensions.filters.http.router.v3.Router') }],
  }),
}

function onPort(port: number, filter: Message): Message {
  return { name: `${port}`, address: at('0.0.0.0', port), bind_to_port: false, filter_chains: [{ filters: [filter] }] }
}

const inbound: Message = {
  name: 'inbound',
  address: at('0.0.0.0', inboundPort),
  use_original_dst: true,
  listener_filters: [{ name: 'original_dst', typed_config: any(`${listeners}original_dst.v3.OriginalDst`) }],
  filter_chains: [{ filters: [tcpProxy] }],
}

const app: Message = {
  name: 'app',
  type: 'ORIGINAL_DST',
  lb_policy: 'CLUSTER_PROVIDED',
  upstream_bind_config: { source_address: { address: '127.0.0.6', port_value: 0 } },
}

export function plainProxy(admin: Message): Message {
  return {
    node: { id: 'plain', cluster: 'bench' },
    admin,
    static_resources: {
      clusters: [app],
      listeners: [inbound, onPort(ports.redis, tcpProxy), onPort(ports.web, connectionManager)],
    },
  }
}
