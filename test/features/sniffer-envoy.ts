/**
 * A real Envoy with the sniffer in front of servers we choose: one listener per scenario, its access log as objects.
 * Only loopback, only ports 23000-23999.
 */
import { buildSniffer } from '../../classifier/sniffer/build.ts'
import { type EnvoyProcess, startEnvoy } from '../support/envoy.ts'
import { eventually } from '../support/eventually.ts'

export type Scenario = {
  readonly port: number
  /** Where tcp_proxy connects to. */
  readonly upstream: number
  /** What `postern.greetings` says; absent: the chain does not set it. */
  readonly greetings?: string
  /** Applications that RBAC lets pass; absent: no RBAC. */
  readonly allow?: readonly string[]
  /** tcp_proxy connects at the client's first byte instead of at once. */
  readonly clientFirst?: boolean
}

/** One connection as the end record of the access log tells it; `-` where there is nothing. */
type LogLine = {
  readonly port: string
  readonly app: string
  readonly refused: string
  readonly sni: string
  readonly received: string
  readonly sent: string
  readonly details: string
}

export type SnifferEnvoy = EnvoyProcess & {
  /** The next end record of a connection to this port. */
  log(port: number): Promise<LogLine>
}

const type = (name: string): string => `type.googleapis.com/${name}`
const extension = (name: string, message: string, config: object): object => ({
  name,
  typed_config: { '@type': type(message), ...config },
})

function snifferFilter(wasm: Uint8Array): object {
  const code = { local: { inline_bytes: Buffer.from(wasm).toString('base64') } }
  return extension('sniffer', 'envoy.extensions.filters.network.wasm.v3.Wasm', {
    config: {
      name: 'sniffer',
      root_id: 'sniffer',
      failure_policy: 'FAIL_RELOAD',
      vm_config: { vm_id: 'sniffer', runtime: 'envoy.wasm.runtime.v8', code },
      configuration: { '@type': type('google.protobuf.StringValue'), value: '300' },
    },
  })
}

function greetingsFilter(list: string): object {
  const value = {
    object_key: 'postern.greetings',
    factory_key: 'envoy.string',
    format_string: { text_format_source: { inline_string: list } },
  }
  const config = { on_new_connection: [value] }
  return extension('greetings', 'envoy.extensions.filters.network.set_filter_state.v3.Config', config)
}

function rbacFilter(allow: readonly string[]): object {
  const action = (name: string, verdict: string): object => ({
    action: extension(name, 'envoy.config.rbac.v3.Action', { name, action: verdict }),
  })
  const input = 'envoy.extensions.matching.common_inputs.network.v3.FilterStateInput'
  const matchers = allow.map((app) => ({
    predicate: {
      single_predicate: { input: extension('app', input, { key: 'wasm.postern.app' }), value_match: { exact: app } },
    },
    on_match: action(`allow-${app}`, 'ALLOW'),
  }))
  return extension('rbac', 'envoy.extensions.filters.network.rbac.v3.RBAC', {
    stat_prefix: 'sniffer',
    matcher: { matcher_list: { matchers }, on_no_match: action('default', 'DENY') },
  })
}

const logFormat = {
  port: '%DOWNSTREAM_LOCAL_PORT%',
  app: '%FILTER_STATE(wasm.postern.app:PLAIN)%',
  refused: '%FILTER_STATE(wasm.postern.refused:PLAIN)%',
  sni: '%FILTER_STATE(wasm.postern.sni:PLAIN)%',
  received: '%BYTES_RECEIVED%',
  sent: '%BYTES_SENT%',
  details: '%CONNECTION_TERMINATION_DETAILS%',
}

function tcpProxy(scenario: Scenario): object {
  const logger = 'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog'
  const format = Object.entries(logFormat).map(([key, value]) => `"${key}":"${value}"`)
  return extension('envoy.filters.network.tcp_proxy', 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
    stat_prefix: `p${scenario.port}`,
    cluster: `c${scenario.upstream}`,
    access_log: [
      extension('stdout', logger, {
        log_format: { text_format_source: { inline_string: `LOG {${format.join(',')}}\n` } },
      }),
    ],
    ...(scenario.clientFirst === true
      ? { upstream_connect_mode: 'ON_DOWNSTREAM_DATA', max_early_data_bytes: 65536, idle_timeout: '2s' }
      : {}),
  })
}

function listener(scenario: Scenario, wasm: Uint8Array): object {
  return {
    name: `l${scenario.port}`,
    per_connection_buffer_limit_bytes: 32768,
    address: { socket_address: { address: '127.0.0.1', port_value: scenario.port } },
    filter_chains: [
      {
        filters: [
          ...(scenario.greetings === undefined ? [] : [greetingsFilter(scenario.greetings)]),
          snifferFilter(wasm),
          ...(scenario.allow === undefined ? [] : [rbacFilter(scenario.allow)]),
          tcpProxy(scenario),
        ],
      },
    ],
  }
}

function cluster(port: number): object {
  const address = { socket_address: { address: '127.0.0.1', port_value: port } }
  const limits = { max_connections: 100000, max_pending_requests: 100000 }
  return {
    name: `c${port}`,
    connect_timeout: '5s',
    type: 'STATIC',
    circuit_breakers: { thresholds: [limits] },
    load_assignment: { cluster_name: `c${port}`, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  }
}

/** Starts Envoy and waits until its workers listen. */
export async function startSnifferEnvoy(scenarios: readonly Scenario[]): Promise<SnifferEnvoy> {
  const { wasm } = await buildSniffer()
  const clusters = [...new Set(scenarios.map((s) => s.upstream))].map(cluster)
  const listeners = scenarios.map((s) => listener(s, wasm))
  const envoy = await startEnvoy({ static_resources: { listeners, clusters } }, '--file-flush-interval-msec', '10')
  const started = 'listener_manager.workers_started'
  await eventually('the workers to listen', async () => (await envoy.stats(/workers_started$/))[started] === 1)
  return { ...envoy, log: logReader(envoy.lines) }
}

/** Lines and those who wait for them, by port. */
function logReader(lines: NodeJS.EventEmitter): (port: number) => Promise<LogLine> {
  const arrived = new Map<number, LogLine[]>()
  const wanted = new Map<number, ((line: LogLine) => void)[]>()
  lines.on('line', (text: string) => {
    if (!text.startsWith('LOG ')) return
    const line = JSON.parse(text.slice(4)) as LogLine
    const port = Number(line.port)
    const waiting = wanted.get(port)?.shift()
    if (waiting !== undefined) waiting(line)
    else arrived.set(port, [...(arrived.get(port) ?? []), line])
  })
  return (port) => {
    const line = arrived.get(port)?.shift()
    if (line !== undefined) return Promise.resolve(line)
    return new Promise((resolve) => wanted.set(port, [...(wanted.get(port) ?? []), resolve]))
  }
}
