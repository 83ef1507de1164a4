/** The bootstrap of a pod in real Envoy, on a loopback address of its own in the place of the pod's. */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, get, type IncomingMessage } from 'node:http'
import { createServer as createHttp2Server, createSecureServer, type Http2SecureServer } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EnvoyProcess, startEnvoy } from '../../test/support/envoy.ts'
import { eventually } from '../../test/support/eventually.ts'
import { anIdentity } from '../../test/support/identity.ts'
import { bootstrap, tokenSource } from '../../xds-server/compile/bootstrap.ts'
import { proxyPorts } from '../../xds-server/compile/names.ts'
import type { Probe } from '../../xds-server/compile/probes.ts'

const podAddress = '127.77.15.20'
const folder = mkdtempSync(join(tmpdir(), 'postern-pod-'))
const tokens = join(folder, 'token')
const cleanup = new AsyncDisposableStack()
const asked: (string | undefined)[] = []
const seen: string[] = []
let envoy: EnvoyProcess
let freePort: number

/** As the kubelet does it: a new folder, then the link to it is renamed over the old one. */
function writeToken(token: string, generation: number): void {
  mkdirSync(join(tokens, `..${generation}`), { recursive: true })
  writeFileSync(join(tokens, `..${generation}`, 'token'), token)
  symlinkSync(`..${generation}`, join(tokens, '..data_tmp'))
  renameSync(join(tokens, '..data_tmp'), join(tokens, '..data'))
}

async function listening(server: Server | Http2SecureServer, host = podAddress): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  cleanup.defer(() => void server.close())
  return (server.address() as AddressInfo).port
}

type Answer = { readonly status: number; readonly body: string; readonly headers: IncomingMessage['headers'] }
function ask(path: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const options = { host: podAddress, port: proxyPorts.probes, path, agent: false, headers: { 'x-probe': '1' } }
  get(options, async (response) => {
    let body = ''
    for await (const chunk of response) body += chunk
    resolve({ status: response.statusCode!, body, headers: response.headers })
  }).on('error', reject)
  return promise
}
const statusOf = async (path: string): Promise<number> => (await ask(path)).status

/** Answers grpc.health.v1: serving for the service `good`, not serving for the rest. */
function grpcApp(): Server {
  const server = createHttp2Server()
  server.on('stream', (stream) => {
    const body: Buffer[] = []
    stream.on('data', (chunk: Buffer) => body.push(chunk))
    stream.once('end', () => {
      const status = Buffer.concat(body).subarray(7).toString() === 'good' ? 1 : 2
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]))
    })
  })
  return server
}

/** The control plane here has no configuration to give; Envoy listens nowhere while it waits for one, and asks ever more seldom. */
function impatient(boot: object): object {
  const retry = '"retry_policy":{"retry_back_off":{"base_interval":"0.1s","max_interval":"0.2s"}}'
  const text = JSON.stringify(boot)
    .replaceAll('"initial_fetch_timeout":"0s"', '"initial_fetch_timeout":"0.1s"')
    .replace('"envoy_grpc":{', `"envoy_grpc":{${retry},`)
  return JSON.parse(text)
}

beforeAll(async () => {
  writeToken('first', 1)
  symlinkSync('..data/token', join(tokens, 'token'))
  const source = join(folder, 'source.json')
  writeFileSync(source, JSON.stringify(tokenSource(join(tokens, 'token'))))
  const { tls, ca } = await anIdentity('control-plane.test')
  const controlPlane = createSecureServer({ key: tls.key, cert: tls.cert })
  controlPlane.on('stream', (stream, { authorization }) => {
    asked.push(authorization)
    // unavailable: Envoy asks again, with whatever its token is then
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' }, { endStream: true })
  })
  const app = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['x-probe']}`)
    if (request.url === '/moved') response.writeHead(302, { location: '/elsewhere' }).end()
    else response.writeHead(request.url === '/bad' ? 500 : 200).end('from the app')
  })
  const appPort = await listening(app)
  const tlsPort = await listening(createHttpsServer({ key: tls.key, cert: tls.cert }, (_, response) => response.end()))
  const grpcPort = await listening(grpcApp())
  const vacant = createTcpServer()
  freePort = await listening(vacant)
  vacant.close()
  const http = (name: string, port: number, path: string, secure = false): Probe => ({
    kind: 'http',
    name: `app/${name}`,
    port,
    path,
    tls: secure,
    timeoutSeconds: 1,
  })
  const timed = { periodSeconds: 1, timeoutSeconds: 1 }
  const probes: readonly Probe[] = [
    http('liveness', appPort, '/healthz?full=1'),
    http('readiness', appPort, '/bad'),
    http('startup', appPort, '/moved'),
    http('tls', tlsPort, '/', true),
    { kind: 'tcp', name: 'db/liveness', port: freePort, ...timed },
    { kind: 'tcp', name: 'db/readiness', port: freePort, periodSeconds: 600, timeoutSeconds: 1 },
    { kind: 'grpc', name: 'good/liveness', port: grpcPort, service: 'good', ...timed },
    { kind: 'grpc', name: 'bad/liveness', port: grpcPort, service: 'other', ...timed },
  ]
  const port = await listening(controlPlane, '127.0.0.1')
  const boot = bootstrap({
    nodeId: 'pod',
    token: { source },
    controlPlane: { host: '127.0.0.1', port, serverName: 'control-plane.test', ca },
    adminSocket: 'replaced by the harness',
    probes: { address: podAddress, probes },
  })
  envoy = await startEnvoy(impatient(boot))
  cleanup.defer(() => envoy.stop())
  await eventually('Envoy to listen', () => statusOf('/').then(Boolean, () => false))
})
afterAll(async () => {
  await cleanup.disposeAsync()
  rmSync(folder, { recursive: true, force: true })
})

test('an HTTP probe asks the app just what it asked before, and gets its answer', async () => {
  const good = await ask('/probe/app/liveness')
  expect([good.status, good.body]).toEqual([200, 'from the app'])
  expect(await statusOf('/probe/app/readiness')).toBe(500)
  expect(seen).toEqual(['GET /healthz?full=1 1', 'GET /bad 1'])
  expect(await statusOf('/probe/app/tls')).toBe(200)
})

test('a redirect is the success that it is for the kubelet, and leads nowhere', async () => {
  const { status, headers } = await ask('/probe/app/startup')
  expect([status, headers.location]).toEqual([302, undefined])
})

test('a caller can add nothing to a probe, and nothing else is there', async () => {
  const before = seen.length
  for (const path of ['/probe/app/liveness?drop=1', '/probe/app/liveness/', '/healthz', '/probe/db/liveness?x'])
    expect(await statusOf(path)).toBe(404)
  expect(seen.length).toBe(before)
})

test('a TCP probe finds out whether the app listens, and not whether Envoy does', async () => {
  expect(await statusOf('/probe/db/liveness')).toBe(503)
  const app = createTcpServer((socket) => socket.destroy()).listen(freePort, podAddress)
  await eventually('the app to be found', async () => (await statusOf('/probe/db/liveness')) === 200)
  // an app that comes up is not waited for until the next period
  await eventually('the seldom probe to find it', async () => (await statusOf('/probe/db/readiness')) === 200)
  app.close()
  await eventually('its end to be found', async () => (await statusOf('/probe/db/liveness')) === 503)
})

test('a gRPC probe asks for its service', async () => {
  await eventually('the service', async () => (await statusOf('/probe/good/liveness')) === 200)
  expect(await statusOf('/probe/bad/liveness')).toBe(503)
})

test('a renewed token is what the next stream to the control plane shows', async () => {
  await eventually('a stream', () => asked.includes('Bearer first'))
  writeToken('second', 2)
  await eventually('the new token', () => asked.at(-1) === 'Bearer second')
  writeToken('third', 3)
  await eventually('the one after', () => asked.at(-1) === 'Bearer third')
  expect(new Set(asked)).toEqual(new Set(['Bearer first', 'Bearer second', 'Bearer third']))
})
