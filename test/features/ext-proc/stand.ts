/**
 * A real Envoy between clients and an app, with the filters as they are compiled, one listener for each profile. Only
 * loopback, only ports 24600-24699; everything else is on unix sockets.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenFor } from '../../../classifier/http/authenticate.ts'
import { aProfile } from '../../../classifier/inspection/testdata/builders.ts'
import { classifierCluster } from '../../../xds-server/compile/classifier.ts'
import { circuitBreakers } from '../../../xds-server/compile/clusters.ts'
import { headsOnly, inspectOf } from '../../../xds-server/compile/inspect-filter.ts'
import type { ClassifierAddress } from '../../../xds-server/compile/options.ts'
import { any, typed } from '../../../xds-server/compile/typed.ts'
import { type EnvoyProcess, startEnvoy } from '../../support/envoy.ts'
import { eventually } from '../../support/eventually.ts'
import { pipeCluster } from '../../support/pipe-cluster.ts'
import { type App, startApp } from './app.ts'
import { type Profiles, planOf, secret } from './classifier.ts'

const firstPort = 24_600

export type Logged = {
  readonly id: string
  readonly code: number
  readonly details: string
  readonly incident: string
  readonly inspection: { readonly action: string; readonly found: number } | null
}

export type Stand = {
  readonly app: App
  readonly envoy: EnvoyProcess
  /** Where the classifier has to listen. */
  readonly socket: string
  port(profile: string): number
  /** The access log's record of a request, when it is there. */
  logged(id: string): Promise<Logged>
  /** Resolves when Envoy has sent more to the classifier than before `action`. */
  told(action: () => void): Promise<void>
  close(): Promise<void>
}

const incident = typed('incident', 'envoy.extensions.filters.http.set_filter_state.v3.Config', {
  on_request_headers: [
    {
      object_key: 'postern.incident',
      factory_key: 'envoy.string',
      format_string: { text_format_source: { inline_string: '%UNIQUE_ID%' } },
    },
  ],
})

const log = typed('log', 'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', {
  log_format: {
    json_format: {
      id: '%REQ(X-ID)%',
      code: '%RESPONSE_CODE%',
      details: '%RESPONSE_CODE_DETAILS%',
      incident: '%FILTER_STATE(postern.incident:PLAIN)%',
      inspection: '%DYNAMIC_METADATA(postern.inspection)%',
    },
  },
})

function listener(port: number, inspect: object): object {
  const route = (cluster: string) => ({ route: { cluster, timeout: '0s' } })
  const heads = { typed_per_filter_config: { inspect: headsOnly } }
  const manager = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'in',
    http_protocol_options: { accept_http_10: true, default_host_for_http_10: 'http10.invalid', enable_trailers: true },
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    early_header_mutation_extensions: [
      typed('referer', 'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation', {
        mutations: [
          { remove: 'x-postern-referer' },
          {
            append: {
              header: { key: 'x-postern-referer', value: '%REQ(REFERER)%' },
              append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
            },
          },
        ],
      }),
    ],
    access_log: [log],
    route_config: {
      virtual_hosts: [
        {
          name: 'app',
          domains: ['*'],
          request_headers_to_remove: ['x-postern-referer'],
          routes: [
            { match: { prefix: '/', headers: [{ name: 'upgrade', present_match: true }] }, ...route('app'), ...heads },
            { match: { prefix: '/', grpc: {} }, ...route('grpc'), ...heads },
            { match: { prefix: '/' }, ...route('app') },
          ],
        },
      ],
    },
    http_filters: [
      incident,
      { name: 'inspect', typed_config: inspect },
      typed('router', 'envoy.extensions.filters.http.router.v3.Router'),
    ],
  })
  return {
    name: `${port}`,
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    per_connection_buffer_limit_bytes: 32_768,
    filter_chains: [{ filters: [{ name: 'manager', typed_config: manager }] }],
  }
}

export type StandOptions = {
  /** Profiles whose filter has another's token. */
  readonly wrong?: readonly string[]
  /** Default: `socket`. */
  readonly classifier?: ClassifierAddress
}

export async function openStand(profiles: Profiles, { wrong = [], classifier }: StandOptions = {}): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-ext-proc-'))
  const [socket, http1, http2] = ['classifier', 'app', 'grpc'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const names = Object.keys(profiles)
  const port = (profile: string) => firstPort + names.indexOf(profile)
  const token = (id: string) => tokenFor(secret, wrong.includes(id) ? 'another' : id)
  const listeners = Object.entries(profiles).map(([id, { enforce }]) => {
    const asked = { kind: enforce ? 'inline' : 'observe', profile: aProfile(id), plan: planOf(profiles, id) } as const
    return listener(port(id), inspectOf(asked, token))
  })
  const app = await startApp(http1, http2)
  const clusters = [
    pipeCluster('app', http1, { http_protocol_options: { enable_trailers: true } }),
    pipeCluster('grpc', http2, { http2_protocol_options: {} }),
    classifierCluster(classifier ?? { kind: 'unix', path: socket }, circuitBreakers),
  ]
  const envoy = await startEnvoy({ static_resources: { listeners, clusters } }, '--file-flush-interval-msec', '10')
  const records = new Map<string, Logged>()
  const waiting = new Map<string, (it: Logged) => void>()
  envoy.lines.on('line', (line) => {
    const it = JSON.parse(line) as Logged
    records.set(it.id, it)
    waiting.get(it.id)?.(it)
  })
  return {
    app,
    envoy,
    socket,
    port,
    logged: (id) => {
      const there = records.get(id)
      return there ? Promise.resolve(there) : new Promise((resolve) => waiting.set(id, resolve))
    },
    told: async (action) => {
      const bytes = async () =>
        Object.values(await envoy.stats(/^cluster\.classifier\.upstream_cx_tx_bytes_total$/))[0]!
      const before = await bytes()
      action()
      await eventually('Envoy tells the classifier', async () => (await bytes()) > before)
    },
    close: async () => {
      await envoy.stop()
      await app.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
