/**
 * The whole circle on a real sidecar: what it logs is learned, what was learned goes back to it and lets the same
 * traffic through in Protect; everything else is an event. Both judges agree on every record.
 */
import pino from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Judge } from '../../xds-server/observe/judgement.ts'
import { createMetrics } from '../../xds-server/observe/metrics.ts'
import { createObserver, type Observer } from '../../xds-server/observe/observer.ts'
import { PastPolicy } from '../../xds-server/observe/past-policy.ts'
import { directory } from '../../xds-server/policy/directory.ts'
import type { Mode, World } from '../../xds-server/policy/model.ts'
import { formatPorts } from '../../xds-server/policy/ports.ts'
import { storedPolicy } from '../../xds-server/store/policy.ts'
import { openStore } from '../../xds-server/store/sqlite.ts'
import { aWorkload, aWorld } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { peers, podAddress } from './pod/network.ts'
import { type Pod, startPod } from './pod/pod.ts'

const { inventory } = aWorld({
  workloads: [
    aWorkload('web', { ips: [peers.web] }),
    aWorkload('other', { ips: [peers.other] }),
    aWorkload('db', { ips: [podAddress] }),
  ],
  podCidrs: ['10.21.0.0/24'],
  nodes: [],
})
const store = openStore({ path: ':memory:', now: Date.now, onWatcherError: () => {} })
let present = directory({ inventory, policy: storedPolicy(store) })
const world = (): World => ({ inventory, policy: storedPolicy(store) })
store.watch(() => {
  present = directory(world(), present)
})

let pod: Pod
let observer: Observer
let heard = 0
const listen = () => {
  observer.accept(pod.records.slice(heard))
  heard = pod.records.length
}
let listening: NodeJS.Timeout
beforeAll(async () => {
  pod = await startPod({ name: 'ft-lrn', world: world(), apps: { 22: 'mysql', 80: 'http', 6379: 'tcp' } })
  const log = pino({ level: 'silent' })
  observer = createObserver({ store, path: ':memory:', directory: () => present, log, registry: new Registry() })
  listening = setInterval(listen, 20)
})
afterAll(async () => {
  clearInterval(listening)
  await pod?.stop()
  observer?.close()
  store.close()
})

const learned = () =>
  store
    .read('rules')
    .value.filter((rule) => rule.origin === 'learned')
    .map((rule) => `${rule.from} → ${rule.to} ${rule.applications.join()}/${formatPorts(rule.ports)}`)
const setMode = async (mode: Mode) => {
  const { value, revision } = store.read('settings')
  store.write({ document: 'settings', value: { ...value, mode }, base: revision, author: 'test', summary: mode })
  await pod.publish(world())
}
const ping = '*1\r\n$4\r\nPING\r\n'
const redis = async (from: string) => {
  const connection = await pod.connect(from, 6379)
  connection.send(ping)
  return { connection, answer: await connection.next() }
}
const events = () => observer.events.query({ limit: 50 }).filter((event) => event.kind !== 'audit')

test('Discover learns application and port, of open connections too; nothing is an event', async () => {
  const { connection } = await redis(peers.web)
  await eventually('Redis to be learned while it is open', () => learned().length === 1)
  connection.close()
  const mysql = await pod.connect(peers.web, 22)
  mysql.send('\u0001')
  await mysql.next()
  mysql.close()
  await pod.curl(peers.web, `http://${podAddress}/`)
  await eventually('the rest to be learned', () => learned().length === 3)
  expect(learned().sort()).toEqual([
    'nv.web.yelb → nv.db.yelb http/80',
    'nv.web.yelb → nv.db.yelb mysql/22',
    'nv.web.yelb → nv.db.yelb redis/6379',
  ])
  expect(events()).toEqual([])
})

test('a port that is known to be HTTP shows its requests', async () => {
  await pod.publish(world())
  await pod.curl(peers.web, `http://${podAddress}/votes/1`)
  await pod.curl(peers.web, `http://${podAddress}/votes/2?x=1`)
  const seen = () => observer.conversations().find((c) => c.requests === 2)
  const http = await eventually('two requests', seen)
  expect([http.application, http.port, http.rule, http.evidence.requests]).toEqual([
    'http',
    80,
    store.read('rules').value.find((rule) => rule.applications[0] === 'http')?.id,
    { 'GET /votes/{param}': 2 },
  ])
})

test('Monitor lets pass and reports what Protect would deny', async () => {
  await setMode('monitor')
  await pod.curl(peers.web, `http://${podAddress}:6379/`)
  await redis(peers.other).then(({ connection }) => connection.close())
  await eventually('two events', () => events().length === 2)
  expect(
    events().map((e) => [e.kind, e.action, e.source?.group, e.application, e.port, e.rule, e.trace?.rule]),
  ).toEqual([
    ['violation', 'allowed', 'nv.other.yelb', 'redis', 6379, 'default', 'default'],
    ['mismatch', 'allowed', 'nv.web.yelb', 'http', 6379, 'default', 'default'],
  ])
})

test('Protect lets through what was learned, and every refusal is an event with its rule and trace', async () => {
  await setMode('protect')
  expect((await redis(peers.web)).answer).toMatchObject({ event: 'data', text: '+PONG\r\n' })
  expect((await pod.curl(peers.web, `http://${podAddress}/votes/3`)).code).toBe(0)
  const before = events()[0]!.id
  expect((await pod.curl(peers.web, `http://${podAddress}:6379/`)).code).toBe(52)
  expect((await pod.curl(peers.other, `http://${podAddress}/`)).code).toBe(56)
  const fresh = () => events().filter((e) => e.id > before)
  await eventually('two events', () => fresh().length === 2)
  expect(
    fresh()
      .map((e) => [e.kind, e.action, e.source?.group, e.port, e.rule, e.trace?.enforced])
      .sort(),
  ).toEqual([
    ['mismatch', 'denied', 'nv.web.yelb', 6379, 'default', 'deny'],
    ['violation', 'denied', 'nv.other.yelb', 80, 'default', 'deny'],
  ])
})

test('a request that a rule refuses is found by the incident its client was told', async () => {
  const { value, revision } = store.read('rules')
  const post = { ...value.at(-1)!, id: 'no-post', from: 'nv.web.yelb', to: 'nv.db.yelb', applications: [], ports: [] }
  const http = [{ methods: ['POST'], paths: [], hosts: [], headers: [], grpc: [] }]
  const rule = { ...post, http, action: 'deny', origin: 'user' } as const
  store.write({ document: 'rules', value: [rule, ...value], base: revision, author: 'test', summary: 'no POST' })
  await pod.publish(world())
  const { stdout } = await pod.curl(peers.web, '-X', 'POST', `http://${podAddress}/votes/3?secret`)
  const incident = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(stdout)?.[0]
  expect(incident).toBeDefined()
  const event = await eventually('the event', () => observer.events.query({ incident, limit: 1 })[0])
  expect(event).toMatchObject({
    kind: 'violation',
    rule: 'no-post',
    action: 'denied',
    http: { method: 'POST', path: '/votes/3' },
  })
})

test('both judges agree on what happens under one policy', async () => {
  const from = pod.records.length
  await redis(peers.web).then(({ connection }) => connection.close())
  await pod.curl(peers.web, `http://${podAddress}:6379/`)
  await pod.curl(peers.web, `http://${podAddress}/votes/4`)
  await pod.curl(peers.web, '-X', 'POST', `http://${podAddress}/votes/4`)
  const judged = () => pod.records.slice(from).filter((r) => r.phase === 'end' && r.shadow !== undefined)
  await eventually('all of it', () => judged().length === 4)
  const metrics = createMetrics(new Registry())
  const past = new PastPolicy({ store, directory: () => present })
  const judge = new Judge({ directory: () => present, past, metrics, log: pino({ level: 'silent' }), now: () => 0 })
  for (const record of judged()) judge.judge(record)
  expect((await metrics.skew.get()).values[0]?.value).toBe(0)
  const byRule = Object.groupBy(judged(), (r) => r.shadow?.rule ?? 'none')
  // HTTP on Redis's port may be a POST for all its chain can see: a deny is read so that nothing slips through.
  expect(byRule['no-post']?.map((r) => [r.kind, r.destination.port]).sort()).toEqual([
    ['http', 80],
    ['tcp', 6379],
  ])
  expect(Object.keys(byRule)).toHaveLength(3)
})
