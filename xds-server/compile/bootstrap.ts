/**
 * What a sidecar starts with: who it is, how it reaches the control plane, its own limits. Everything else comes from
 * there (the readiness endpoint, too). Until it has come, nothing listens, so the redirect leads nowhere: closed.
 */
import { circuitBreakers } from './clusters.ts'
import type { Message } from './model.ts'
import { clusterNames } from './names.ts'
import { type ProbeOptions, probeResources } from './probes.ts'
import { discoveryOf, trustedTls } from './trusted-server.ts'
import { any, typed } from './typed.ts'

export type BootstrapOptions = {
  /** Workload id: `node.id`, which the token must prove. */
  readonly nodeId: string
  readonly token: string | TokenFile
  readonly controlPlane: {
    /** Name or address. */
    readonly host: string
    readonly port: number
    /** DNS name in its certificate. */
    readonly serverName: string
    /** The authority that signed it, PEM. Nobody else is trusted. */
    readonly ca: string
  }
  /** Path of the admin interface's unix socket; the app must not be able to reach it. */
  readonly adminSocket: string
  /** Bytes; past 95 % of it new connections are refused. Default `defaultHeapBytes`. */
  readonly maxHeapBytes?: number
  /** In a cluster: what the kubelet asks. */
  readonly probes?: ProbeOptions
}

/**
 * A token that is renewed while Envoy runs, as the kubelet does it: by renaming something in the token's folder.
 * Envoy reads a secret of its bootstrap once, whatever it is told to watch (measured, 1.40.0). For a secret that it gets
 * by SDS, also from a file, it watches the folders of the files that the secret names. So there has to be that file.
 */
export type TokenFile = {
  /** Path of a file that holds `tokenSource`. */
  readonly source: string
}

const defaultHeapBytes = 256 * 1024 * 1024
/** Open connections of one sidecar; past it new ones are refused. */
const maxConnections = 50_000
/** A dead control plane is noticed after this long; logs pile up in Envoy until then. */
const keepalive = { interval: '15s', timeout: '5s' } as const

/**
 * How Envoy is started, whoever starts it. One worker is enough for a pod. The drain flags make a cut a cut: busy
 * connections end at once, idle ones within 2 s. `misc:error`: the matchers we use are marked as work in progress, and
 * Envoy says so at every update.
 */
export const envoyArgumentsAt = (logLevel: string): readonly string[] => [
  '--disable-hot-restart',
  '--concurrency',
  '1',
  '--drain-strategy',
  'immediate',
  '--drain-time-s',
  '2',
  '--log-level',
  logLevel,
  '--component-log-level',
  'misc:error',
]
export const envoyArguments = envoyArgumentsAt('warning')

const tokenSecret = 'token'

/** A secret, so that the admin interface does not show it. */
function secret(token: string): Message {
  return { name: tokenSecret, generic_secret: { secret: { inline_string: token } } }
}

/** What the file `TokenFile.source` holds: that the token is in the file `token`, and nothing else. */
export function tokenSource(token: string): Message {
  const fields = { name: tokenSecret, generic_secret: { secret: { filename: token } } }
  return { resources: [any('envoy.extensions.transport_sockets.tls.v3.Secret', fields)] }
}

function credential(token: BootstrapOptions['token']): Message {
  if (typeof token === 'string') return { name: tokenSecret }
  return {
    name: tokenSecret,
    sds_config: {
      resource_api_version: 'V3',
      path_config_source: { path: token.source },
    },
  }
}

/**
 * Every stream to the control plane says who we are. On the cluster, because access logs are configured per class of
 * workloads and can carry no token of their own.
 */
const credentials = (token: BootstrapOptions['token']): Message =>
  typed('token', 'envoy.extensions.filters.http.credential_injector.v3.CredentialInjector', {
    overwrite: true,
    credential: typed('token', 'envoy.extensions.http.injected_credentials.generic.v3.Generic', {
      credential: credential(token),
      header_value_prefix: 'Bearer ',
    }),
  })

const http2 = (token: BootstrapOptions['token']): Message => ({
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    {
      explicit_http_config: { http2_protocol_options: { connection_keepalive: keepalive } },
      http_filters: [
        credentials(token),
        typed('upstream_codec', 'envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec'),
      ],
    },
  ),
})

function controlPlane({ controlPlane: options, token }: BootstrapOptions): Message {
  const { host, port } = options
  const endpoint = { address: { socket_address: { address: host, port_value: port } } }
  return {
    name: clusterNames.controlPlane,
    type: discoveryOf(host),
    connect_timeout: '5s',
    circuit_breakers: circuitBreakers,
    typed_extension_protocol_options: http2(token),
    transport_socket: trustedTls(options),
    load_assignment: {
      cluster_name: clusterNames.controlPlane,
      endpoints: [{ lb_endpoints: [{ endpoint }] }],
    },
  }
}

const heap = 'envoy.resource_monitors.fixed_heap'

function overload(maxHeapBytes: number): Message {
  const at = (value: number): Message => ({ triggers: [{ name: heap, threshold: { value } }] })
  return {
    refresh_interval: '0.5s',
    resource_monitors: [
      typed(heap, 'envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig', {
        max_heap_size_bytes: maxHeapBytes,
      }),
      typed(
        'envoy.resource_monitors.global_downstream_max_connections',
        'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
        { max_active_downstream_connections: maxConnections },
      ),
    ],
    actions: [
      { name: 'envoy.overload_actions.shrink_heap', ...at(0.9) },
      { name: 'envoy.overload_actions.stop_accepting_connections', ...at(0.95) },
      { name: 'envoy.overload_actions.stop_accepting_requests', ...at(0.98) },
    ],
  }
}

/** 0 s: wait for ever. */
const fromControlPlane: Message = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' }

/** Envoy's bootstrap file, as JSON. */
export function bootstrap(options: BootstrapOptions): Message {
  const probes = options.probes && probeResources(options.probes)
  return {
    node: { id: options.nodeId, cluster: 'postern' },
    admin: { address: { pipe: { path: options.adminSocket, mode: 0o600 } } },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: clusterNames.controlPlane } }],
      },
      cds_config: fromControlPlane,
      lds_config: fromControlPlane,
    },
    static_resources: {
      clusters: [controlPlane(options), ...(probes?.clusters ?? [])],
      ...(probes && { listeners: probes.listeners }),
      ...(typeof options.token === 'string' && { secrets: [secret(options.token)] }),
    },
    overload_manager: overload(options.maxHeapBytes ?? defaultHeapBytes),
  }
}
