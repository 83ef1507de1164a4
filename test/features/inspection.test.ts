/** Sensors on a real sidecar, with a classifier that only knows one word. */
import { mkdtempSync, rmSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Mode, uninspectedRuleId, type World } from '../../xds-server/policy/model.ts'
import type { Inspection, SensorAction } from '../../xds-server/policy/sensor.ts'
import { aDlpSensor, anInspection, aRule, aWafSensor, aWorkload, aWorld, tcp } from '../support/builders.ts'
import { startTinyClassifier, type TinyClassifier } from '../support/ext-proc.ts'
import { peers, podAddress } from './pod/network.ts'
import type { Pod } from './pod/pod.ts'
import { startPod } from './pod/pod.ts'

const web = aWorkload('web', { ips: [peers.web] })
const db = aWorkload('db', { ips: [podAddress] })
const rules = [
  aRule('any', 'nv.db.yelb', { id: 'web', applications: ['http'], ports: tcp(80) }),
  aRule('any', 'nv.db.yelb', { id: 'unnamed', applications: ['http', 'redis'] }),
  aRule('any', 'nv.db.yelb', { id: 'grpc', applications: ['http2', 'grpc'], ports: tcp(50_051) }),
]
const pattern = { kind: 'regex', regex: 'EVIL', ignoreCase: false, have: true, atLeast: 1, contexts: ['url'] } as const
const evil = aWafSensor('evil', { rules: [{ name: 'word', patterns: [pattern] }] })

const world = (mode: Mode, ...inspections: readonly Inspection[]): World =>
  aWorld({
    workloads: [web, db],
    podCidrs: ['10.21.0.0/24'],
    nodes: [],
    rules,
    wafSensors: [evil],
    dlpSensors: [aDlpSensor('cards')],
    inspections,
    settings: { mode },
  })
const bound = (action: SensorAction, onFailure: Inspection['onFailure'] = 'failClosed'): Inspection =>
  anInspection('nv.db.yelb', { waf: [{ sensor: 'evil', action }], onFailure })

const folder = mkdtempSync(join(tmpdir(), 'postern-ext-proc-'))
const path = join(folder, 'classifier.sock')
const token = (profile: string) => `token-of-${profile}`
let healthy = true
let classifier: TinyClassifier
let pod: Pod
beforeAll(async () => {
  await chmod(folder, 0o755)
  classifier = await startTinyClassifier(path)
  const asked = () => ({ address: { kind: 'unix', path }, token, healthy }) as const
  pod = await startPod({
    name: 'ft-inspect',
    world: world('protect'),
    apps: { 80: 'http', 9000: 'tcp', 50051: 'http2' },
    classifier: asked,
  })
})
afterAll(async () => {
  await pod?.stop()
  await classifier?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function publish(next: World): Promise<readonly string[]> {
  const cut = await pod.publish(next)
  classifier.profiles = pod.inspection().profiles
  return cut
}
const url = `http://${podAddress}`
const get = async (target: string) => (await pod.curl(peers.web, '-w', '%{http_code}', `${url}${target}`)).stdout
const status = async (target: string) => (await get(target)).slice(-3)
const inspectedOf = async (target: string) =>
  (await pod.record(target, (r) => r.http?.path === target)).http?.inspected?.action

/** Which of its versions Envoy runs the listener of port 80 in. */
async function listenerVersion(): Promise<string> {
  const page = await pod.envoy.admin('/config_dump?resource=dynamic_listeners&name_regex=in.80')
  const { configs } = JSON.parse(page) as { configs: { active_state: { version_info: string } }[] }
  return configs.map(({ active_state }) => active_state.version_info).join()
}

test('nothing is bound: nobody is asked, and everything passes', async () => {
  expect(await status('/EVIL/nothing-bound')).toBe('200')
  expect(classifier.questions).toEqual([])
})

test('binding, modes and edits of sensors change what is done to a live connection, and never end it', async () => {
  const page = await pod.connect(peers.web, 80)
  const next = async (target: string) => {
    page.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
    return (await page.next()).text?.slice(0, 12)
  }
  expect(await next('/EVIL/0')).toBe('HTTP/1.1 200')
  const before = await listenerVersion()
  await publish(world('monitor', bound('deny')))
  expect(await next('/EVIL/watched')).toBe('HTTP/1.1 200')
  expect(await inspectedOf('/EVIL/watched')).toBe('pass')
  expect(await listenerVersion()).toBe(before)
  await publish(world('protect', bound('deny')))
  expect(await next('/good')).toBe('HTTP/1.1 200')
  expect(await next('/EVIL/refused')).toBe('HTTP/1.1 403')
  await publish(world('protect', bound('allow')))
  expect(await next('/EVIL/alert')).toBe('HTTP/1.1 200')
  await publish(world('protect'))
  const asked = classifier.questions.length
  expect(await next('/EVIL/unbound')).toBe('HTTP/1.1 200')
  expect(classifier.questions.length).toBe(asked)
  page.close()
  expect(pod.reached(80).filter((request) => request.includes('refused'))).toEqual([])
})

test('a refusal is in the log with what was found; the classifier is told profile, token and incident', async () => {
  await publish(world('protect', bound('deny')))
  expect(await status('/EVIL/logged')).toBe('403')
  const { http, details } = await pod.record('the refusal', (r) => r.http?.path === '/EVIL/logged')
  const id = pod.inspection().profiles.find(({ enforce }) => enforce)!.id
  expect([http?.status, details]).toEqual([403, 'postern_waf'])
  expect(http?.inspected).toMatchObject({ action: 'deny', profile: id, findings: [{ sensor: 'evil', rule: 'word' }] })
  const question = classifier.questions.at(-1)!
  expect(question).toMatchObject({ profile: id, authorization: `Bearer ${token(id)}`, bodyMode: 0 })
  expect(question.attributes).toContain(http?.incident)
  expect(question.attributes).toContain(peers.web)
})

describe('streams', () => {
  const withBody = anInspection('nv.db.yelb', { waf: [{ sensor: 'crs', action: 'deny' }] })

  test('bodies of gRPC are not asked for, those of other requests are; a content type does not get around it', async () => {
    await publish(world('protect', withBody))
    const call = ['--http2-prior-knowledge', '-X', 'POST', '-H', 'content-type: application/grpc', '-d', 'x']
    expect((await pod.curl(peers.web, ...call, '-w', '%{http_code}', `${url}:50051/shop.Cart/Add`)).stdout).toBe(
      'ok\n200',
    )
    expect(classifier.questions.at(-1)).toMatchObject({ path: '/shop.Cart/Add', bodyMode: 0 })
    const asGrpc = ['-m', '1', '-X', 'POST', '-H', 'content-type: application/grpc', '-d', 'x']
    await pod.curl(peers.web, ...asGrpc, `${url}/pretender`)
    expect(classifier.questions.find((q) => q.path === '/pretender')?.bodyMode).toBe(4)
  })

  test('upgrades neither', async () => {
    const upgrade = ['-m', '1', '-H', 'Connection: Upgrade', '-H', 'Upgrade: websocket', '-H', 'Sec-WebSocket-Key: x']
    await pod.curl(peers.web, ...upgrade, `${url}/socket`)
    expect(classifier.questions.find((q) => q.path === '/socket')?.bodyMode).toBe(0)
    expect(pod.reached(80)).toContain('GET /socket')
  })
})

test('DLP tells members of the group apart; live connections go on', async () => {
  await publish(world('protect'))
  const page = await pod.connect(peers.web, 80)
  page.send('GET /one HTTP/1.1\r\nHost: a\r\n\r\n')
  await page.next()
  const cards = anInspection('nv.db.yelb', { dlp: [{ sensor: 'cards', action: 'allow' }] })
  await publish(world('monitor', cards))
  page.send('GET /two HTTP/1.1\r\nHost: a\r\n\r\n')
  expect((await page.next()).text).toMatch(/^HTTP\/1.1 200/)
  expect(classifier.questions.at(-1)).toMatchObject({ path: '/two', bodyMode: 1 })
  page.close()
})

describe('HTTP that Envoy does not take for HTTP', () => {
  const malformed = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n`
  const ask = async (port: number, path: string) => {
    const connection = await pod.connect(peers.web, port)
    connection.send(malformed(path))
    const { event, text = '' } = await connection.next()
    connection.close()
    return event === 'data' ? text.slice(0, 12) : event
  }
  const sees = (port: number, path: string) => pod.reached(port).some((text) => text.includes(path))

  test('does not get around an enforcing sensor, on a port named for HTTP or on any other', async () => {
    await publish(world('protect', bound('deny')))
    expect(await ask(80, '/EVIL/raw')).toBe('HTTP/1.1 400')
    expect(await ask(9000, '/EVIL/unnamed')).toBe('end')
    expect([sees(80, 'raw'), sees(9000, 'unnamed')]).toEqual([false, false])
    const record = await pod.record('the refusal', (r) => r.destination.port === 9000 && r.phase === 'end')
    expect([record.application, record.enforced]).toEqual(['http', { rule: uninspectedRuleId, denied: true }])
  })

  test('passes where nothing is enforced', async () => {
    await publish(world('protect'))
    expect(await ask(9000, '/EVIL/unbound')).toBe('HTTP/1.1 200')
    await publish(world('protect', bound('allow')))
    expect(await ask(9000, '/EVIL/alert')).toBe('HTTP/1.1 200')
  })
})

describe('the classifier goes away', () => {
  test('failClosed: nothing passes, clients may try again, the app sees nothing', async () => {
    await publish(world('protect', bound('deny')))
    await classifier.stop()
    const answer = await get('/uninspected')
    expect(answer).toMatch(/^Denied by inspection: not available\. Incident [0-9a-f-]{36}\n503$/)
    const record = await pod.record('the refusal', (r) => r.http?.path === '/uninspected')
    expect(record.details).toMatch(/^ext_proc_error/)
    expect(pod.reached(80)).not.toContain('GET /uninspected')
  })

  test('once that is known failOpen passes without it, failClosed stays; and what is only watched passes', async () => {
    healthy = false
    const before = await listenerVersion()
    await publish(world('protect', bound('deny', 'failOpen')))
    expect(await status('/EVIL/open')).toBe('200')
    await publish(world('protect', bound('deny', 'failClosed')))
    expect(await status('/closed')).toBe('503')
    await publish(world('monitor', bound('deny')))
    expect(await status('/EVIL/monitor')).toBe('200')
    expect(await listenerVersion()).toBe(before)
  })

  test('it comes back: it is asked again', async () => {
    classifier = await startTinyClassifier(path)
    healthy = true
    await publish(world('protect', bound('deny', 'failOpen')))
    expect(await status('/EVIL/back')).toBe('403')
    expect(await status('/good')).toBe('200')
  })
})
