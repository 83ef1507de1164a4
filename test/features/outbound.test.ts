import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Rule, World } from '../../xds-server/policy/model.ts'
import { aGroup, anHttp, aRule, aWorkload, aWorld, tcp } from '../support/builders.ts'
import { peers, podAddress } from './pod/network.ts'
import type { Pod } from './pod/pod.ts'
import { startPod } from './pod/pod.ts'

const db = aWorkload('db', { ips: [podAddress] })
const web = aWorkload('web', { ips: [peers.web] })
const legacy = aWorkload('legacy', { ips: [peers.legacy], managed: false })
const to = (group: string, id: string, over: Partial<Rule> = {}): Rule => aRule('nv.db.yelb', group, { id, ...over })

function world(...rules: readonly Rule[]): World {
  return aWorld({
    workloads: [db, web, legacy],
    podCidrs: ['10.21.0.0/24'],
    nodes: [],
    groups: [aGroup('partner', { addresses: ['*.partner.example'] })],
    resolved: { 'api.partner.example': [peers.far] },
    rules,
    settings: { mode: 'protect' },
  })
}

let pod: Pod
beforeAll(async () => {
  pod = await startPod({
    name: 'ft-out',
    world: world(),
    apps: {},
    peerApps: { 80: 'http', 443: 'tcp', 3306: 'mysql', 9000: 'tcp' },
  })
})
afterAll(() => pod?.stop())

const curl = (...args: readonly string[]) => pod.network.exec('pod', ['curl', '-sS', '--max-time', '5', ...args])
const seen = new Map<number, number>()
/** What reached a peer since it was last asked. */
function news(port: number): readonly string[] {
  const all = pod.reached(port, 'peers')
  const fresh = all.slice(seen.get(port) ?? 0)
  seen.set(port, all.length)
  return fresh
}
beforeEach(() => {
  for (const port of [80, 443, 3306, 9000]) news(port)
})

test('what a sidecar at the other end decides passes, and is not logged here', async () => {
  expect((await curl(`http://${peers.web}:9000/`)).stdout).toBe('ok\n')
  expect((await curl(`http://${peers.web}/`)).stdout).toContain('"url":"/"')
  // a later connection that is logged shows that these were not
  await curl(`http://${peers.legacy}:9000/later`)
  const record = await pod.record('the later one', (r) => r.direction === 'outbound' && r.phase === 'end')
  expect(record).toMatchObject({ denyChain: true, destination: { ip: peers.legacy, port: 9000 } })
  expect(pod.records.filter((r) => r.destination.ip === peers.web)).toEqual([])
})

test('without a rule nothing leaves: workloads without a sidecar, the world outside', async () => {
  for (const address of [peers.legacy, peers.far]) {
    expect([address, (await curl(`http://${address}/`)).code]).toEqual([address, 56])
  }
  expect(news(80)).toEqual([])
})

test('a workload without a sidecar is spoken to as rules say, and greets without delay', async () => {
  await pod.publish(
    world(
      to('nv.legacy.yelb', 'legacy-redis', { applications: ['redis'], ports: tcp(9000) }),
      to('nv.legacy.yelb', 'legacy-mysql', { applications: ['mysql'], ports: tcp(3306) }),
    ),
  )
  expect((await curl(`http://${peers.legacy}:9000/`)).code).toBe(52)
  const greeting = await pod.network.exec('pod', ['curl', '-sS', '--max-time', '1', `telnet://${peers.legacy}:3306`])
  expect(greeting.stdout).toContain('8.0.36')
  expect(news(9000).filter((line) => line.startsWith('GET'))).toEqual([])
  const record = await pod.record('the HTTP', (r) => r.application === 'http' && r.enforced?.denied === true)
  expect(record).toMatchObject({ direction: 'outbound', enforced: { rule: 'default' } })
})

test('HTTP to the outside is judged by request; a hostless path stays as it was', async () => {
  await pod.publish(world(to('external', 'get', { http: [anHttp({ methods: ['GET'] })], ports: tcp(80) })))
  expect((await curl('--path-as-is', `http://${peers.far}/a//b/../c`)).stdout).toContain('"url":"/a//b/../c"')
  const post = await curl('-X', 'POST', '-o', '/dev/null', '-w', '%{http_code}', `http://${peers.far}/`)
  expect(post.stdout).toBe('403')
  expect(news(80)).toEqual(['GET /a//b/../c'])
})

test('a host name is the name asked for and the address it resolved to, in HTTP and in TLS', async () => {
  await pod.publish(world(to('partner', 'partner', { ports: [...tcp(80), ...tcp(443)] })))
  const asking = (host: string, address: string, scheme = 'http') =>
    curl('-k', '-o', '/dev/null', '-w', '%{http_code}', '--connect-to', `${host}::${address}`, `${scheme}://${host}/`)
  expect((await asking('api.partner.example', peers.far)).stdout).toBe('200')
  expect((await asking('API.partner.example', peers.far)).stdout).toBe('200')
  expect((await asking('evil.example', peers.far)).stdout).toBe('403')
  expect((await asking('api.partner.example', peers.legacy)).code).toBe(56)
  news(443)
  await asking('evil.example', peers.far, 'https')
  expect(news(443)).toEqual([])
  await asking('api.partner.example', peers.far, 'https')
  expect(news(443).join()).toContain('api.partner.example')
  const record = await pod.record(
    'the name',
    (r) => r.kind === 'tcp' && r.serverName === 'api.partner.example' && r.phase === 'end',
  )
  expect(record).toMatchObject({ application: 'tls', shadow: { rule: 'partner', denied: false } })
})
