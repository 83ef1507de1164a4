import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRule, aWorkload, aWorld, tcp } from '../support/builders.ts'
import { peers, peers6, podAddress, podAddress6 } from './pod/network.ts'
import type { Pod } from './pod/pod.ts'
import { startPod } from './pod/pod.ts'

const web = aWorkload('web', { ips: [peers.web, peers6.web] })
const other = aWorkload('other', { ips: [peers.other, peers6.other] })
const db = aWorkload('db', { ips: [podAddress, podAddress6] })
const rules = [
  aRule('nv.web.yelb', 'nv.db.yelb', { id: 'web-redis', applications: ['redis'], ports: tcp(6379) }),
  aRule('nv.web.yelb', 'nv.db.yelb', { id: 'web-any', ports: tcp(9000) }),
]
const world = aWorld({
  workloads: [web, other, db],
  podCidrs: ['10.21.0.0/24', 'fd21::/64'],
  nodes: [],
  rules,
  settings: { mode: 'protect' },
})

let pod: Pod
beforeAll(async () => {
  pod = await startPod({ name: 'ft-tcp', world, apps: { 6379: 'tcp', 9000: 'tcp', 9001: 'tcp' } })
})
afterAll(() => pod?.stop())

const ping = '*1\r\n$4\r\nPING\r\n'

test('a peer that no rule allows anything is reset at once, and nothing reaches the app', async () => {
  const outcome = await pod.curl(peers.other, `http://${podAddress}:6379/`)
  expect([outcome.code, outcome.stderr]).toEqual([56, expect.stringContaining('Connection reset by peer')])
  expect(pod.reached(6379)).toEqual([])
  const record = await pod.record('the reset', (r) => r.denyChain && r.phase === 'end')
  expect(record).toMatchObject({ source: { ip: peers.other }, destination: { ip: podAddress, port: 6379 } })
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
  expect(pod.reached(6379)).toEqual(['connect', ping, 'connect', ping])
})
