import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { matchesHttp } from '../../xds-server/policy/http.ts'
import { isAmbiguous, normalisePath } from '../../xds-server/policy/http-path.ts'
import type { World } from '../../xds-server/policy/model.ts'
import { anHttp, aRule, aWorkload, aWorld, tcp } from '../support/builders.ts'
import { peers, podAddress } from './pod/network.ts'
import type { Pod } from './pod/pod.ts'
import { startPod } from './pod/pod.ts'

const web = aWorkload('web', { ips: [peers.web] })
const db = aWorkload('db', { ips: [podAddress] })
const allowed = aRule('nv.web.yelb', 'nv.db.yelb', { id: 'web', applications: ['http'], ports: tcp(80) })
const grpc = aRule('nv.web.yelb', 'nv.db.yelb', {
  id: 'cart',
  http: [anHttp({ grpc: ['shop.Cart/*'] })],
  ports: tcp(50_051),
})
const world = (...first: World['policy']['rules']): World =>
  aWorld({
    workloads: [web, db],
    podCidrs: ['10.21.0.0/24'],
    nodes: [],
    rules: [...first, allowed, grpc],
    settings: { mode: 'protect' },
  })

let pod: Pod
beforeAll(async () => {
  pod = await startPod({ name: 'ft-http', world: world(), apps: { 80: 'http', 50051: 'http2' } })
})
afterAll(() => pod?.stop())

const url = `http://${podAddress}`
const status = ['-o', '/dev/null', '-w', '%{http_code}'] as const

test('what passes, passes as it was: header case, host, request id; the peer is in x-forwarded-for', async () => {
  const headers = ['-H', 'X-Request-Id: mine', '-H', 'X-CaSe: 1', '-H', 'X-Forwarded-Proto: https']
  const { stdout } = await pod.curl(peers.web, ...headers, `${url}/page?q=/../x`)
  expect(JSON.parse(stdout)).toEqual({
    method: 'GET',
    url: '/page?q=/../x',
    headers: [
      ...['Host', podAddress, 'User-Agent', expect.any(String), 'Accept', '*/*', 'X-Request-Id', 'mine', 'X-CaSe', '1'],
      ...['X-Forwarded-Proto', 'https', 'x-forwarded-for', peers.web],
    ],
  })
})

test('a rule that refuses a request answers 403 with an incident that the log has, too', async () => {
  await pod.publish(
    world(aRule('nv.web.yelb', 'nv.db.yelb', { id: 'no-post', action: 'deny', http: [anHttp({ methods: ['POST'] })] })),
  )
  const post = await pod.curl(peers.web, '-i', '-X', 'POST', '-H', 'X-Request-Id: forged', `${url}/votes`)
  expect(post.stdout).toMatch(/^HTTP\/1.1 403/)
  const incident = /Incident ([0-9a-f-]{36})\n$/.exec(post.stdout)?.[1]
  expect(incident).toEqual(expect.any(String))
  expect(post.stdout).toContain(`x-postern-incident: ${incident}\r\n`)
  expect(post.stdout).not.toContain('no-post')
  const record = await pod.record('the refusal', (r) => r.http?.incident === incident)
  expect(record).toMatchObject({
    application: 'http',
    enforced: { rule: 'no-post', denied: true },
    http: { method: 'POST', path: '/votes', status: 403 },
  })
  expect((await pod.curl(peers.web, ...status, `${url}/votes`)).stdout).toBe('200')
  expect(pod.reached(80).filter((request) => request.startsWith('POST'))).toEqual([])
})

test('an open keep-alive connection is refused at its next request', async () => {
  await pod.publish(world())
  const page = await pod.connect(peers.web, 80)
  page.send('GET /one HTTP/1.1\r\nHost: a\r\n\r\n')
  expect((await page.next()).text).toMatch(/^HTTP\/1.1 200/)
  await pod.publish(
    world(aRule('nv.web.yelb', 'nv.db.yelb', { id: 'none', action: 'deny', http: [anHttp({ paths: ['/*'] })] })),
  )
  page.send('GET /two HTTP/1.1\r\nHost: a\r\n\r\n')
  expect((await page.next()).text).toMatch(/^HTTP\/1.1 403/)
  page.close()
  expect(pod.reached(80).filter((request) => request.includes('/two'))).toEqual([])
})

test('a deny that names no rule to clients names it where people want that', async () => {
  const closed = world(
    aRule('nv.web.yelb', 'nv.db.yelb', { id: 'no-delete', action: 'deny', http: [anHttp({ methods: ['DELETE'] })] }),
  )
  const { policy } = closed
  await pod.publish({ ...closed, policy: { ...policy, settings: { ...policy.settings, revealRule: true } } })
  const refused = await pod.curl(peers.web, '-X', 'DELETE', url)
  expect(refused.stdout).toMatch(
    /^Denied by policy: rbac_access_denied_matched_policy\[no-delete\]\. Incident [0-9a-f-]{36}\n$/,
  )
})

test('gRPC: a method that no rule allows gets its status, the others pass', async () => {
  await pod.publish(world())
  const call = (method: string) =>
    pod.curl(
      peers.web,
      ...['--http2-prior-knowledge', '-i', '-H', 'content-type: application/grpc', '-X', 'POST'],
      `${url}:50051/${method}`,
    )
  expect((await call('shop.Cart/Add')).stdout).toMatch(/^HTTP\/2 200[\s\S]*ok\n$/)
  expect((await call('shop.Stock/Get')).stdout).toMatch(/^HTTP\/2 200[\s\S]*grpc-status: 7\r\n/)
  expect(pod.reached(50_051)).toEqual(['POST /shop.Cart/Add'])
  const record = await pod.record('the refused call', (r) => r.http?.path === '/shop.Stock/Get')
  expect(record).toMatchObject({ application: 'grpc', enforced: { rule: 'default', denied: true } })
})

test('what Envoy refuses is told of its rule, and the last good policy stays', async () => {
  await pod.publish(world())
  // half a character: text to us, no text to protobuf
  const broken = (exact: string) => {
    const http = [anHttp({ headers: [{ name: 'x', exact }] })]
    return aRule('nv.web.yelb', 'nv.db.yelb', { id: 'broken', ports: tcp(80), action: 'deny', http })
  }
  await pod.publish(world(broken('\ud800')))
  expect(pod.nacks.map(({ rules, message }) => [rules, message])).toEqual([
    [['broken', 'web'], expect.stringContaining('Unable to unpack')],
  ])
  expect((await pod.curl(peers.web, ...status, '-H', 'x: a', url)).stdout).toBe('200')
  await pod.publish(world(broken('a')))
  expect((await pod.curl(peers.web, ...status, '-H', 'x: a', url)).stdout).toBe('403')
})

describe('no spelling gets around a rule: Envoy refuses what the policy refuses', () => {
  const match = anHttp({ paths: ['/api/x', '/admin/*', '/votes/{id}'], hosts: ['shop.example.com'] })
  beforeAll(() =>
    pod.publish(world(aRule('nv.web.yelb', 'nv.db.yelb', { id: 'hidden', action: 'deny', http: [match] }))),
  )

  /** One raw request; what came back: its status, or how the connection ended. */
  async function answer(target: string, host: string): Promise<string> {
    const raw = await pod.connect(peers.web, 80)
    raw.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    const { event, text } = await raw.next()
    raw.close()
    return /^HTTP\/1.1 (\d+)/.exec(text ?? '')?.[1] ?? event
  }

  test.each([
    ['/api/x', 'shop.example.com'],
    ['//api/../api/x', 'shop.example.com'],
    ['/api/./x', 'shop.example.com'],
    ['/api/y/%2e%2e/x', 'shop.example.com'],
    ['/api/y/..;/x', 'shop.example.com'],
    ['/api;a=b/x', 'shop.example.com'],
    ['/api/x;a=b?c', 'shop.example.com'],
    ['/%61pi/x', 'shop.example.com'],
    ['/api\\x', 'shop.example.com'],
    ['/api/x?y=1', 'shop.example.com'],
    ['/api/x', 'SHOP.example.COM'],
    ['/api/x', 'shop.example.com:8080'],
    ['/api/x', 'shop.example.com.'],
    ['http://shop.example.com/api/x', 'else.example.com'],
    ['http://shop.example.com:80//api/x', 'else.example.com'],
    ['/admin', 'shop.example.com'],
    ['/admin/', 'shop.example.com'],
    ['/admin/a/b', 'shop.example.com'],
    ['/admin;x/a', 'shop.example.com'],
    ['/votes/7', 'shop.example.com'],
    ['/votes/7;x', 'shop.example.com'],
  ])('%s of %s is refused', async (target, host) => {
    expect(await answer(target, host)).toBe('403')
    const named = /^http:\/\/([^/]+)/.exec(target)?.[1] ?? host
    const request = { method: 'GET', path: normalisePath(target)!, host: named, headers: {} }
    expect(matchesHttp(match, request)).toBe(true)
  })

  test.each([
    ['/api%2Fx', '403'],
    ['/x%2f..%2fadmin/a', '403'],
    ['/api%5Cx', '403'],
    ['/x/%2e%2e;/admin/a', '403'],
    ['/x/%2e%2e;y=1/api/x', '403'],
    ['/api/x%00', '400'],
  ])('%s hides what it names: %s', async (target, refusal) => {
    expect(await answer(target, 'shop.example.com')).toBe(refusal)
    const path = normalisePath(target)
    expect(path === undefined || isAmbiguous(path)).toBe(true)
  })

  test.each([
    ['/api/xy', 'shop.example.com'],
    ['/api', 'shop.example.com'],
    ['/administrator', 'shop.example.com'],
    ['/votes/', 'shop.example.com'],
    ['/votes/7/8', 'shop.example.com'],
    ['/api/x', 'a.shop.example.com'],
    ['/api/x', 'shop.example.com.evil.example'],
    ['http://else.example.com/api/x', 'shop.example.com'],
  ])('%s of %s is another request', async (target, host) => {
    expect(await answer(target, host)).toBe('200')
  })
})
