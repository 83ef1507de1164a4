/** Real Envoy 1.40 against the real server, over TLS with a token, on loopback ports 22000-22999. */
import { once } from 'node:events'
import net from 'node:net'
import { status } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Message, Resource } from '../../xds-server/compile/model.ts'
import type { TlsFiles } from '../../xds-server/envoy/grpc-server.ts'
import { tokenLine } from '../../xds-server/envoy/verifier.ts'
import type { ProxyStatus } from '../../xds-server/xds/status.ts'
import type { EnvoyProcess } from '../support/envoy.ts'
import { eventually } from '../support/eventually.ts'
import { anIdentity } from '../support/identity.ts'
import { connectEnvoy } from '../support/xds/grpc-client.ts'
import { aCompiled } from '../support/xds/harness.ts'
import { type ServerProcess, startServerProcess } from '../support/xds/server-process.ts'
import { startSidecar } from '../support/xds/sidecar.ts'

const extensions = 'type.googleapis.com/envoy.extensions.'
const ports = { xds: 22010, app: 22020, web: [22031, 22032, 22033] } as const
const tokens = [tokenLine('web-1', 'token-web-1'), tokenLine('db-1', 'token-db-1')].join('\n')

/** What an RBAC table does with every connection. */
type Table = 'allow' | 'deny' | 'broken'
const rules: Record<Table, Message> = {
  allow: { action: 'ALLOW', policies: { all: { permissions: [{ any: true }], principals: [{ any: true }] } } },
  deny: { action: 'ALLOW', policies: {} },
  // the bytes are fine, Envoy's own validation is not: a regex it can not compile
  broken: {
    action: 'ALLOW',
    policies: {
      all: {
        permissions: [{ any: true }],
        principals: [{ authenticated: { principal_name: { safe_regex: { regex: '(' } } } }],
      },
    },
  },
}

const rbac = (table: Table): Message => ({
  '@type': `${extensions}filters.network.rbac.v3.RBAC`,
  stat_prefix: 'rbac',
  rules: rules[table],
})
const anEcds = (port: number, table: Table): Resource => ({
  type: 'extension',
  name: `rbac/${port}`,
  body: { name: `rbac/${port}`, typed_config: rbac(table) },
  rules: [`rule-${port}`],
})
const anAppCluster = (): Resource => ({
  type: 'cluster',
  name: 'app',
  rules: [],
  body: {
    name: 'app',
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: 'app',
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: ports.app } } } },
          ],
        },
      ],
    },
  },
})
const aListener = (port: number, statPrefix = ''): Resource => ({
  type: 'listener',
  name: `in|${port}`,
  rules: [],
  body: {
    name: `in|${port}`,
    stat_prefix: statPrefix,
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [
      {
        filters: [
          {
            name: 'rbac',
            config_discovery: {
              config_source: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '5s' },
              type_urls: [`${extensions}filters.network.rbac.v3.RBAC`],
              default_config: rbac('deny'),
            },
          },
          {
            name: 'tcp',
            typed_config: {
              '@type': `${extensions}filters.network.tcp_proxy.v3.TcpProxy`,
              stat_prefix: 't',
              cluster: 'app',
            },
          },
        ].map((filter) => (filter.name === 'rbac' ? { ...filter, name: `rbac/${port}` } : filter)),
      },
    ],
  },
})

type Tables = Readonly<Record<number, Table>>
const webResources = (tables: Tables) => [
  anAppCluster(),
  ...ports.web.flatMap((port) => [anEcds(port, tables[port] ?? 'allow'), aListener(port)]),
]
const dbResources = [aListener(22041), anEcds(22041, 'allow')]
const compiled = (tables: Tables) =>
  aCompiled({ web: webResources(tables), db: dbResources }, { 'web-1': 'web', 'db-1': 'db' })

/** Whether the app answers a connection through Envoy. */
function isServed(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => socket.write('hello'))
    socket.on('data', () => {
      resolve(true)
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(false))
  })
}

/** Envoy's ACK comes before its worker has the new table: tried again until the answer is the wanted one. */
async function untilServed(port: number, wanted: boolean): Promise<void> {
  await eventually(`${port} to be ${wanted ? 'open' : 'shut'}`, async () => (await isServed(port)) === wanted)
}

let identity: { readonly tls: TlsFiles; readonly ca: string }
let app: net.Server
let server: ServerProcess
const envoys: EnvoyProcess[] = []

const startServer = async () => {
  server = await startServerProcess({ tls: identity.tls, tokens, port: ports.xds })
}
const anEnvoy = async (id: string, token: string, protocol: 'delta' | 'sotw' = 'delta') => {
  const envoy = await startSidecar({ id, token, xdsPort: ports.xds, ca: identity.ca, protocol })
  envoys.push(envoy)
  return envoy
}
const isReady = (envoy: EnvoyProcess) =>
  eventually('Envoy to be ready', async () => (await envoy.admin('/ready')).trim() === 'LIVE')
const isStat = async (envoy: EnvoyProcess, name: string, value: number) =>
  (await envoy.stats(new RegExp(`^${RegExp.escape(name)}$`)))[name] === value
const extensionBytes = async () => (await server.report()).metrics['postern_xds_response_bytes_total{type="extension"}']
/** The one sidecar asked for everything and has it. */
const untilInSync = async () => {
  const isDone = ({ inSync, types }: ProxyStatus) =>
    inSync && types.extension?.acked === 3 && types.listener?.acked === 3
  await eventually('the sidecar to have everything', async () => (await server.report()).proxies.some(isDone))
}

beforeAll(async () => {
  identity = await anIdentity('xds.postern', '127.0.0.1')
  app = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => socket.write(data))
  })
  app.listen(ports.app, '127.0.0.1')
  await once(app, 'listening')
})
afterEach(async () => {
  await Promise.all(envoys.splice(0).map((envoy) => envoy.stop()))
  await server.kill()
})
afterAll(() => void app.close())

describe.each(['delta', 'sotw'] as const)('a real Envoy by %s', (protocol) => {
  test('starts cold with several ECDS resources, takes an edit, keeps the last good one when it refuses', async () => {
    await startServer()
    server.publish(compiled({ 22032: 'deny' }))
    const envoy = await anEnvoy('web-1', 'token-web-1', protocol)
    await isReady(envoy)
    expect(await Promise.all(ports.web.map(isServed))).toEqual([true, false, true])
    await untilInSync()

    const applied = server.next('applied')
    server.publish(compiled({ 22031: 'deny' }))
    expect((await applied).applied).toMatchObject({
      rules: ['rule-22031', 'rule-22032'],
      affected: 1,
      acked: 1,
      refused: 0,
      gone: 0,
    })
    await untilServed(22031, false)
    await untilServed(22032, true)

    const nack = server.next('nack')
    const half = server.next('applied')
    server.publish(compiled({ 22031: 'broken', 22033: 'deny' }))
    expect((await nack).nack).toMatchObject({
      rules: ['rule-22031'],
      workload: 'web-1',
      type: 'extension',
      names: ['rbac/22031'],
      quarantined: true,
    })
    expect((await half).applied).toMatchObject({ affected: 1, acked: 0, refused: 1 })
    await untilServed(22033, false)
    expect(await isServed(22031)).toBe(false)
    expect(await isServed(22032)).toBe(true)
    const report = await server.report()
    expect(report.quarantined).toMatchObject([{ name: 'rbac/22031', rules: ['rule-22031'], node: 'web-1' }])

    const repaired = server.next('applied')
    server.publish(compiled({}))
    expect((await repaired).applied).toMatchObject({ affected: 1, acked: 1, refused: 0 })
    await untilServed(22031, true)
    expect((await server.report()).quarantined).toEqual([])
  })
})

// Envoy remembers a refused extension as the newest and gives it to listeners that come later, so the last good one has
// to be sent again
test('after a refused table a listener that uses it can still be changed, and has the last good one', async () => {
  await startServer()
  server.publish(compiled({}))
  const envoy = await anEnvoy('web-1', 'token-web-1')
  await isReady(envoy)
  const quarantined = server.next('applied', ({ applied }) => applied.refused === 1)
  server.publish(compiled({ 22031: 'broken' }))
  await quarantined

  const changed = server.next('applied')
  const resources = webResources({ 22031: 'broken' }).map((resource) =>
    resource.name === 'in|22031' ? aListener(22031, 'changed') : resource,
  )
  server.publish(aCompiled({ web: resources }, { 'web-1': 'web' }))
  expect((await changed).applied).toMatchObject({ affected: 1, acked: 1, refused: 0 })
  expect(await isServed(22031)).toBe(true)
  await eventually('its connection', () => isStat(envoy, 'listener.changed.downstream_cx_total', 1))
})

test('killed with -9 and restarted: Envoy goes on serving, 0 bytes of policy are sent again, the next edit counts', async () => {
  await startServer()
  server.publish(compiled({ 22032: 'deny' }))
  const envoy = await anEnvoy('web-1', 'token-web-1')
  await isReady(envoy)
  expect(await extensionBytes()).toBeGreaterThan(0)
  await server.kill()
  await eventually('Envoy to notice', () => isStat(envoy, 'control_plane.connected_state', 0))
  expect(await Promise.all(ports.web.map(isServed))).toEqual([true, false, true])

  await startServer()
  server.publish(compiled({ 22032: 'deny' }))
  await untilInSync()
  expect(await extensionBytes()).toBe(0)
  expect(await Promise.all(ports.web.map(isServed))).toEqual([true, false, true])

  server.publish(compiled({ 22031: 'deny' }))
  await untilServed(22031, false)
})

test('a wrong token is refused, and Envoy does not go ready', async () => {
  await startServer()
  server.publish(compiled({}))
  const envoy = await anEnvoy('web-1', 'guess')
  const refused = async () =>
    (await server.report()).metrics['postern_xds_ended_streams_total{reason="unauthenticated"}'] ?? 0
  await eventually('two refusals', async () => (await refused()) >= 2)
  expect(JSON.parse(await envoy.admin('/server_info')).state).toMatch('INITIALIZING')
  expect((await server.report()).proxies).toEqual([])
})

describe('a sidecar gets only its own', () => {
  const address = `127.0.0.1:${ports.xds}`

  test("with its own token it can not be another's node", async () => {
    await startServer()
    server.publish(compiled({}))
    const client = connectEnvoy({ id: 'db-1', token: 'token-web-1', address, ca: identity.ca })
    client.envoy.start([])
    expect(await client.ended).toBe(status.PERMISSION_DENIED)
    expect(client.envoy.deliveries).toEqual([])
    client.close()
  })

  test("and asking for another class's names brings nothing", async () => {
    await startServer()
    server.publish(compiled({}))
    const client = connectEnvoy({ id: 'db-1', token: 'token-db-1', address, ca: identity.ca })
    client.envoy.start(['rbac/22031', 'rbac/22041'])
    await client.until(({ held }) => held.listener.size > 0 && held.extension.size > 0)
    const before = client.envoy.deliveries.length
    client.envoy.subscribe('listener', ['in|22031'])
    client.envoy.subscribe('extension', ['rbac/22041'])
    await client.until(({ deliveries }) => deliveries.length >= before + 2)
    const names = client.envoy.deliveries.flatMap(({ resources }) => resources.map(({ name }) => name))
    expect([...new Set(names)].sort()).toEqual(['in|22041', 'rbac/22041'])
    client.close()
  })
})
