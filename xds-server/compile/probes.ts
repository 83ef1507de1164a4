/**
 * How the kubelet's probes reach an app behind its sidecar: a listener of the bootstrap's own, beside the redirect. It
 * needs no rule, and no control plane once the sidecar has its first configuration (Envoy listens nowhere before), so no
 * policy and no outage of ours makes a healthy pod unready.
 *
 * Promises: each path answers for one probe and takes nothing from the caller (no query, no body, no other path). An HTTP
 * probe is passed on; what a TCP or gRPC probe would find is found by Envoy, which asks the app as often as the kubelet
 * would: a TCP connection to the sidecar proves nothing about the app.
 */
import type { Message } from './model.ts'
import { proxyPorts } from './names.ts'
import { any, typed } from './typed.ts'

type Target = {
  /** `<container>/<liveness | readiness | startup>`: its place in the path. */
  readonly name: string
  readonly port: number
  readonly timeoutSeconds: number
}

/** `path` is with its query; `tls` looks at no certificate. */
export type Probe =
  | (Target & { readonly kind: 'http'; readonly tls: boolean; readonly path: string })
  | (Target & { readonly kind: 'tcp'; readonly periodSeconds: number })
  | (Target & { readonly kind: 'grpc'; readonly service: string; readonly periodSeconds: number })

export type ProbeOptions = {
  /** The pod's own, on which the listener is and the app is asked. */
  readonly address: string
  readonly probes: readonly Probe[]
}

/** Where the kubelet asks. */
export const probePath = (name: string): string => `/probe/${name}`
/** Answers 200 once the sidecar has its configuration and listens. */
export const readyPath = '/ready'

const clusterOf = ({ name }: Probe): string => `probe|${name}`

/** The whole path: a caller who could add a query would ask the app something else. */
const exactly = (path: string): Message => ({ name: ':path', string_match: { exact: path } })

/** An app that closes an idle connection just when the next probe takes it would fail that probe. */
const oneRequest = { common_http_protocol_options: { max_requests_per_connection: 1 } }
const protocols: Record<Probe['kind'], Message | undefined> = {
  http: { ...oneRequest, explicit_http_config: { http_protocol_options: {} } },
  tcp: undefined,
  grpc: { explicit_http_config: { http2_protocol_options: {} } },
}

/** Not ready is looked at again after this long: an app that came up must not wait for a whole period. */
const unhealthyInterval = '1s'

/** Without one Envoy sends the cluster's name, whose characters servers refuse (nghttp2 does). */
const authority = 'localhost'

function healthCheck(probe: Probe): Message | undefined {
  if (probe.kind === 'http') return undefined
  const interval = `${probe.periodSeconds}s`
  const asks =
    probe.kind === 'tcp' ? { tcp_health_check: {} } : { grpc_health_check: { service_name: probe.service, authority } }
  return {
    timeout: `${probe.timeoutSeconds}s`,
    interval,
    // requests never go this way, and then Envoy looks at these two and at no other interval
    no_traffic_interval: unhealthyInterval,
    no_traffic_healthy_interval: interval,
    // how many failures count is the kubelet's to say
    unhealthy_threshold: 1,
    healthy_threshold: 1,
    reuse_connection: false,
    ...asks,
  }
}

function cluster(name: string, at: { readonly address: string; readonly port: number }, more: Message): Message {
  const address = { socket_address: { address: at.address, port_value: at.port } }
  return {
    name,
    type: 'STATIC',
    ...more,
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  }
}

const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

function clusterFor(probe: Probe, address: string): Message {
  const protocol = protocols[probe.kind]
  const check = healthCheck(probe)
  return cluster(
    clusterOf(probe),
    { address, port: probe.port },
    {
      connect_timeout: `${probe.timeoutSeconds}s`,
      ...(check && { health_checks: [check] }),
      ...(protocol && { typed_extension_protocol_options: { [httpOptions]: any(httpOptions, protocol) } }),
      // like the kubelet, which looks at no certificate either
      ...(probe.kind === 'http' &&
        probe.tls && {
          transport_socket: typed('tls', 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
        }),
    },
  )
}

const readyCluster = cluster(
  'ready',
  { address: '127.0.0.1', port: proxyPorts.ready },
  {
    connect_timeout: '1s',
    typed_extension_protocol_options: { [httpOptions]: any(httpOptions, protocols.http) },
  },
)

/** A redirect is a success for the kubelet; one that it followed would lead it away from here. */
const route = (path: string, to: Message): Message => ({
  match: { path, headers: [exactly(path)] },
  route: to,
  response_headers_to_remove: ['location'],
})

function routes(probes: readonly Probe[]): readonly Message[] {
  const ready = route(readyPath, { cluster: 'ready', timeout: '1s' })
  const toApp = probes.flatMap((probe) => {
    if (probe.kind !== 'http') return []
    const to = { cluster: clusterOf(probe), prefix_rewrite: probe.path, timeout: `${probe.timeoutSeconds}s` }
    return [route(probePath(probe.name), to)]
  })
  return [ready, ...toApp]
}

/** Answers by what Envoy found when it last asked the app. */
function answers(probes: readonly Probe[]): readonly Message[] {
  return probes
    .filter(({ kind }) => kind !== 'http')
    .map((probe) =>
      typed(clusterOf(probe), 'envoy.extensions.filters.http.health_check.v3.HealthCheck', {
        pass_through_mode: false,
        headers: [exactly(probePath(probe.name))],
        cluster_min_healthy_percentages: { [clusterOf(probe)]: { value: 100 } },
      }),
    )
}

function listener({ address, probes }: ProbeOptions): Message {
  const manager = typed(
    'http_connection_manager',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: 'probes',
      codec_type: 'HTTP1',
      generate_request_id: false,
      route_config: { virtual_hosts: [{ name: 'probes', domains: ['*'], routes: routes(probes) }] },
      http_filters: [
        ...answers(probes),
        typed('router', 'envoy.extensions.filters.http.router.v3.Router', { suppress_envoy_headers: true }),
      ],
    },
  )
  return {
    name: 'probes',
    address: { socket_address: { address, port_value: proxyPorts.probes } },
    filter_chains: [{ filters: [manager] }],
  }
}

/** What the bootstrap holds of it. */
export function probeResources(options: ProbeOptions): {
  readonly listeners: readonly Message[]
  readonly clusters: readonly Message[]
} {
  const clusters = options.probes.map((probe) => clusterFor(probe, options.address))
  return { listeners: [listener(options)], clusters: [readyCluster, ...clusters] }
}
