/** A real Envoy that gets everything from our xDS server over TLS with a token. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type EnvoyOptions = {
  readonly id: string
  readonly token: string
  readonly xdsPort: number
  readonly ca: string
  readonly protocol?: 'delta' | 'sotw'
}

export type EnvoyProcess = {
  readonly pid: number
  /** GET on the admin socket. */
  admin(path: string): Promise<string>
  /** Polls the admin interface until a statistic of that name fits. */
  until(stat: string, fits: (value: number) => boolean): Promise<number>
  stop(): Promise<void>
}

const envoyBinary = (): string => execFileSync('bash', ['scripts/envoy.sh'], { encoding: 'utf8' }).trim()

function bootstrap({ id, token, xdsPort, ca, protocol }: EnvoyOptions, admin: string): unknown {
  const source = { resource_api_version: 'V3', ads: {}, initial_fetch_timeout: '0s' }
  return {
    node: { id, cluster: 'test' },
    admin: { address: { pipe: { path: admin } } },
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

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, path }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve(body))
    })
    request.on('error', reject)
    request.end()
  })
}

/** Starts Envoy; resolves when its admin interface answers, which is before it has any configuration. */
export async function startEnvoy(options: EnvoyOptions): Promise<EnvoyProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-envoy-'))
  const socket = join(folder, 'admin.sock')
  writeFileSync(join(folder, 'envoy.json'), JSON.stringify(bootstrap(options, socket)))
  const flags = ['--concurrency', '1', '--disable-hot-restart', '--log-level', process.env.ENVOY_LOG ?? 'off']
  const child = spawn(envoyBinary(), ['-c', join(folder, 'envoy.json'), ...flags], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const exited = once(child, 'exit')
  const admin = (path: string) => get(socket, path)
  while (child.exitCode === null) {
    if (await admin('/server_info').then(() => true, () => false)) break // biome-ignore format: one line
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    pid: child.pid!,
    admin,
    async until(stat, fits) {
      for (;;) {
        const value = Number((await admin(`/stats?filter=^${stat}$`)).split(': ')[1])
        if (fits(value)) return value
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    async stop() {
      child.kill('SIGKILL')
      await exited
      rmSync(folder, { recursive: true })
    },
  }
}
