import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Rule, Settings, World } from '../../xds-server/policy/model.ts'
import { aRule, aWorkload, aWorld, tcp } from '../support/builders.ts'
import { peers, peers6, podAddress, podAddress6 } from './pod/network.ts'
import type { Pod } from './pod/pod.ts'
import { startPod } from './pod/pod.ts'

const web = aWorkload('web', { ips: [peers.web, peers6.web] })
const other = aWorkload('other', { ips: [peers.other, peers6.other] })
const db = aWorkload('db', { ips: [podAddress, podAddress6] })

const fromWeb = (id: string, over: Partial<Rule>): Rule => aRule('nv.web.yelb', 'nv.db.yelb', { id, ...over })
const fromOther = (id: string, over: Partial<Rule>): Rule => aRule('nv.other.yelb', 'nv.db.yelb', { id, ...over })
const webRedis = fromWeb('web-redis', { applications: ['redis'], ports: tcp(6379) })
const webSsh = fromWeb('web-ssh', { applications: ['ssh'], ports: tcp(22) })

function world(rules: readonly Rule[], settings: Partial<Settings> = { mode: 'protect' }): World {
  return aWorld({ workloads: [web, other, db], podCidrs: ['10.21.0.0/24', 'fd21::/64'], nodes: [], rules, settings })
}
const usual = world([webRedis, webSsh])

let pod: Pod
beforeAll(async () => {
  pod = await startPod({
    name: 'ft-tcp',
    world: usual,
    apps: { 22: 'mysql', 80: 'tcp', 6379: 'tcp', 9000: 'tcp' },
  })
})
afterAll(() => pod?.stop())

const ping = '*1\r\n$4\r\nPING\r\n'
/** What reached the app since it was last asked. */
function news(port: number): readonly string[] {
  const all = pod.reached(port)
  const fresh = all.slice(seen.get(port) ?? 0)
  seen.set(port, all.length)
  return fresh
}
const seen = new Map<number, number>()

test('a peer that no rule allows anything is reset at once, and nothing reaches the app', async () => {
  const outcome = await pod.curl(peers.other, `http://${podAddress}:6379/`)
  expect([outcome.code, outcome.stderr]).toEqual([56, expect.stringContaining('Connection reset by peer')])
  const outcome6 = await pod.curl(peers6.other, '-g', `http://[${podAddress6}]:6379/`)
  expect(outcome6.code).toBe(56)
  const silent = await pod.connect(peers.legacy, 6379)
  expect(await silent.next()).toMatchObject({ event: 'error', text: 'ECONNRESET' })
  expect(news(6379)).toEqual([])
  const record = await pod.record('the reset', (r) => r.denyChain && r.phase === 'end')
  expect(record).toMatchObject({ source: { ip: peers.other }, destination: { ip: podAddress, port: 6379 } })
})

test('so is one on a port that nobody named, and whoever knocks at the proxy itself', async () => {
  for (const port of [9000, 15_006, 15_001]) {
    const outcome = await pod.curl(peers.web, `http://${podAddress}:${port}/`)
    expect([port, outcome.code]).toEqual([port, 56])
  }
  expect(news(9000)).toEqual([])
})

test('an allowed peer speaks what it may, on v4 and v6; something else is closed before the app sees it', async () => {
  for (const [from, to] of [
    [peers.web, podAddress],
    [peers6.web, podAddress6],
  ] as const) {
    const redis = await pod.connect(from, 6379, to)
    redis.send(ping)
    expect(await redis.next()).toMatchObject({ event: 'data', text: '+PONG\r\n' })
    redis.close()
  }
  const http = await pod.curl(peers.web, `http://${podAddress}:6379/`)
  expect(http.code).toBe(52)
  expect(news(6379)).toEqual(['connect', ping, 'connect', ping])
  const record = await pod.record('the HTTP', (r) => r.destination.port === 6379 && r.application === 'http')
  expect(record).toMatchObject({
    shadow: { rule: 'default', denied: true },
    enforced: { rule: 'default', denied: true },
  })
})

test('a greeting that is not allowed is refused before the client gets a byte of it', async () => {
  const client = await pod.connect(peers.web, 22)
  expect(await client.next()).toMatchObject({ event: 'end' })
  const record = await pod.record('the refused greeting', (r) => r.greetingRefused)
  expect(record).toMatchObject({ destination: { port: 22 }, application: 'mysql', bytesSent: 0 })
  await pod.publish(world([webRedis, webSsh, fromWeb('web-mysql', { applications: ['mysql'], ports: tcp(22) })]))
  const allowed = await pod.connect(peers.web, 22)
  expect((await allowed.next()).text).toContain('8.0.36')
  allowed.close()
})

test('one port, two applications: each is recognised, and judged by its own rule', async () => {
  await pod.publish(
    world([
      fromWeb('web-http', { applications: ['http'], ports: tcp(80) }),
      fromWeb('web-redis-80', { applications: ['redis'], ports: tcp(80) }),
    ]),
  )
  expect((await pod.curl(peers.web, `http://${podAddress}:80/`)).stdout).toBe('ok\n')
  const redis = await pod.connect(peers.web, 80)
  redis.send(ping)
  expect((await redis.next()).text).toBe('+PONG\r\n')
  redis.close()
  const of = (application: string) =>
    pod.record(application, (r) => r.destination.port === 80 && r.application === application && r.shadow !== undefined)
  expect((await of('http')).shadow).toEqual({ rule: 'web-http', denied: false })
  expect((await of('redis')).shadow).toEqual({ rule: 'web-redis-80', denied: false })
})

test('Monitor: the same policy only says what it would do', async () => {
  await pod.publish(world([webRedis], { mode: 'monitor' }))
  news(6379)
  expect((await pod.curl(peers.other, `http://${podAddress}:6379/`)).stdout).toBe('ok\n')
  expect(news(6379)).toEqual(['connect', expect.stringContaining('GET / ')])
  const record = await pod.record('the violation', (r) => r.source.ip === peers.other && r.shadow !== undefined)
  expect(record).toMatchObject({ application: 'http', shadow: { rule: 'default', denied: true } })
  expect(record.enforced).toBe(undefined)
})

test('Discover without a rule: everything passes and is recognised', async () => {
  await pod.publish(world([], { mode: 'discover' }))
  const redis = await pod.connect(peers.legacy, 9000)
  redis.send(ping)
  expect((await redis.next()).text).toBe('+PONG\r\n')
  redis.close()
  const greeted = await pod.connect(peers.legacy, 22)
  expect((await greeted.next()).text).toContain('8.0.36')
  greeted.close()
  for (const [port, application] of [
    [9000, 'redis'],
    [22, 'mysql'],
  ] as const) {
    const ended = await pod.record(
      `the end on ${port}`,
      (r) =>
        r.source.ip === peers.legacy && r.destination.port === port && r.phase === 'end' && r.application !== undefined,
    )
    expect(ended.application).toBe(application)
  }
})

test('trusted pins: nobody sniffs, but TLS and HTTP are still told apart', async () => {
  await pod.publish(world([webRedis], { mode: 'protect', pins: 'trust' }))
  const redis = await pod.connect(peers.web, 6379)
  redis.send('whatever\r\n')
  expect((await redis.next()).text).toBe('whatever\r\n')
  redis.close()
  expect((await pod.curl(peers.web, `http://${podAddress}:6379/`)).code).toBe(52)
})

test('a live connection that lost its right is cut; others of the listener, and new rights, cut nobody', async () => {
  const both = [webRedis, fromOther('other-redis', { applications: ['redis'], ports: tcp(6379) })]
  await pod.publish(world(both))
  const open = async (from: string) => {
    const connection = await pod.connect(from, 6379)
    connection.send(ping)
    expect((await connection.next()).text).toBe('+PONG\r\n')
    return connection
  }
  const [mine, theirs] = [await open(peers.web), await open(peers.other)]
  const more = fromOther('other-http', { applications: ['postgresql'], ports: tcp(6379) })
  expect(await pod.publish(world([...both, more]))).toEqual([])
  const deny = fromOther('no-redis', { applications: ['redis'], action: 'deny' })
  expect(await pod.publish(world([deny, ...both, more]))).toEqual(['nv.db.yelb/in|6379/tcp|nv.other.yelb'])
  expect(await theirs.next()).toMatchObject({ event: 'end' })
  mine.send(ping)
  expect((await mine.next()).text).toBe('+PONG\r\n')
  mine.close()
})
