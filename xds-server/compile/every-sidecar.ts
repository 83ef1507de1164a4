/** What is the same in every sidecar, whatever its class. */
import { clusters } from './clusters.ts'
import type { Resource } from './model.ts'
import { clusterNames, proxyPorts, readyListener, snifferName } from './names.ts'
import type { CompileOptions } from './options.ts'
import { any, typed, types } from './typed.ts'

/** How long the sniffer waits for more bytes before it judges what is there, in milliseconds. */
const snifferPatience = '300'

/**
 * One module and one VM for all chains. A trap closes the connections it serves under every policy (measured), so the
 * policy only says what becomes of the next ones: they get a fresh VM.
 */
function sniffer(wasm: string): Resource {
  const filter = any(types.wasm, {
    config: {
      name: snifferName,
      root_id: snifferName,
      failure_policy: 'FAIL_RELOAD',
      reload_config: { backoff: { base_interval: '1s' } },
      vm_config: {
        vm_id: snifferName,
        runtime: 'envoy.wasm.runtime.v8',
        code: { local: { inline_bytes: wasm } },
      },
      configuration: any('google.protobuf.StringValue', { value: snifferPatience }),
    },
  })
  const body = any('envoy.config.core.v3.TypedExtensionConfig', { name: snifferName, typed_config: filter })
  return { type: 'extension', name: snifferName, body, rules: [] }
}

/** `struct linger {1, 0}` for SO_LINGER (13) at SOL_SOCKET (1): closing resets. */
const lingerZero = {
  description: 'reset on close',
  level: 1,
  name: 13,
  buf_value: 'AQAAAAAAAAA=',
  state: 'STATE_LISTENING',
}

/**
 * A client that is reset before it has looked at its new connection says that it could not connect (curl: 7, not 56), as
 * if nobody were there. So the reset comes with the client's first bytes, or after this time. The inspector is only
 * there to wait for them.
 */
const resetAfter = '0.05s'

/** Deny chains lead here. Alone on its socket: on a listener with allowed traffic slow readers would lose replies. */
function resetter(): Resource {
  const reply = typed('reset', 'envoy.extensions.filters.network.direct_response.v3.Config', {
    response: { inline_string: '' },
  })
  const body = any('envoy.config.listener.v3.Listener', {
    name: clusterNames.resetter,
    address: { socket_address: { address: '127.0.0.1', port_value: proxyPorts.resetter } },
    socket_options: [lingerZero],
    listener_filters: [typed('first_bytes', 'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector')],
    listener_filters_timeout: resetAfter,
    filter_chains: [{ filters: [reply] }],
  })
  return { type: 'listener', name: clusterNames.resetter, body, rules: [] }
}

/**
 * `GET /ready` on loopback. It comes with the configuration and, by its name, after the other listeners: Envoy starts
 * them in this order, so that who finds it ready finds the rest listening.
 */
function readiness(): Resource {
  const answer = { match: { path: '/ready' }, direct_response: { status: 200, body: { inline_string: 'ready\n' } } }
  const manager = typed(
    'http_connection_manager',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: readyListener,
      route_config: { virtual_hosts: [{ name: readyListener, domains: ['*'], routes: [answer] }] },
      http_filters: [typed('router', 'envoy.extensions.filters.http.router.v3.Router')],
    },
  )
  const body = any('envoy.config.listener.v3.Listener', {
    name: readyListener,
    address: { socket_address: { address: '127.0.0.1', port_value: proxyPorts.ready } },
    filter_chains: [{ filters: [manager] }],
  })
  return { type: 'listener', name: readyListener, body, rules: [] }
}

function clusterResources({ classifier }: CompileOptions): readonly Resource[] {
  return clusters(classifier?.address).map((fields) => ({
    type: 'cluster',
    name: String(fields.name),
    body: any('envoy.config.cluster.v3.Cluster', fields),
    rules: [],
  }))
}

export function resourcesOfEverySidecar(options: CompileOptions): readonly Resource[] {
  return [...clusterResources(options), sniffer(options.sniffer), resetter(), readiness()]
}
