import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applications, isHttp } from './applications.ts'
import { matchesHttp } from './http.ts'
import type { HttpRequest } from './model.ts'
import { isRequestName, nameOfRequest, namesIn, namingHeaders, requestSignature } from './request-names.ts'

const aRequest = (path: string, headers: HttpRequest['headers'] = {}, method = 'GET'): HttpRequest => ({
  method,
  path,
  host: 'app',
  headers,
})
const aCall = (grpc: string): HttpRequest => ({ ...aRequest(`/${grpc}`, {}, 'POST'), grpc })

describe('what a request is called', () => {
  test.each<[string | undefined, HttpRequest]>([
    [undefined, aRequest('/')],
    [undefined, aRequest('/api/getvotes')],
    ['elasticsearch', aRequest('/_cluster/health')],
    ['elasticsearch', aRequest('/logs-2026/_search', {}, 'POST')],
    ['elasticsearch', aRequest('/logs-2026/_doc/17')],
    ['couchdb', aRequest('/shop/_all_docs')],
    ['couchdb', aRequest('/shop/_bulk_docs', {}, 'POST')],
    ['consul', aRequest('/v1/kv/config/a/b')],
    ['consul', aRequest('/v1/health/service/web')],
    ['vault', aRequest('/v1/secret/data/app', { 'x-vault-request': 'true' })],
    ['etcd-http', aRequest('/v2/keys/a')],
    ['etcd-http', aRequest('/v3/kv/range', {}, 'POST')],
    ['registry', aRequest('/v2/')],
    ['registry', aRequest('/v2/library/nginx/manifests/latest')],
    ['kubernetes', aRequest('/api/v1/namespaces/default/pods')],
    ['kubernetes', aRequest('/apis/apps/v1/deployments')],
    ['prometheus', aRequest('/metrics')],
    ['prometheus', aRequest('/any', { 'x-prometheus-scrape-timeout-seconds': '10' })],
    ['influxdb', aRequest('/write', { 'user-agent': 'Telegraf/1.30' }, 'POST')],
    [undefined, aRequest('/write', { 'user-agent': 'curl' }, 'POST')],
    ['graphql', aRequest('/api/graphql', {}, 'POST')],
    ['websocket', aRequest('/graphql', { upgrade: 'websocket' })],
    ['soap', aRequest('/services/quote', { soapaction: '"urn:q"' }, 'POST')],
    ['soap', aRequest('/services/quote', { 'content-type': 'application/soap+xml; charset=utf-8' }, 'POST')],
    ['wordpress', aRequest('/wp-login.php')],
    ['otlp', aRequest('/v1/traces', {}, 'POST')],
    ['loki', aRequest('/loki/api/v1/push', {}, 'POST')],
    ['s3', aRequest('/bucket/key', { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' })],
  ])('%s: %o', (name, request) => {
    expect(nameOfRequest('http', request)).toBe(name)
  })

  test.each([
    ['etcd', 'etcdserverpb.KV/Range'],
    ['grpc-health', 'grpc.health.v1.Health/Check'],
    ['otlp-grpc', 'opentelemetry.proto.collector.trace.v1.TraceService/Export'],
    [undefined, 'shop.Cart/Add'],
  ])('%s: gRPC %s', (name, method) => {
    expect(nameOfRequest('grpc', aCall(method))).toBe(name)
  })

  test('HTTP/2 without gRPC has no such names, and gRPC none of HTTP', () => {
    expect(nameOfRequest('http2', aRequest('/metrics'))).toBeUndefined()
    expect(nameOfRequest('grpc', aRequest('/metrics'))).toBeUndefined()
  })
})

test('every name is an application that its carrier covers, and every application of a request has a signature', () => {
  const all = [...namesIn('http'), ...namesIn('grpc')]
  expect(all.filter((name) => !isHttp(name))).toEqual([])
  const sniffed = ['http', 'http2', 'grpc']
  const named = Object.keys(applications).filter((name) => isHttp(name) && !sniffed.includes(name))
  expect([...all].sort()).toEqual(named.sort())
  expect(all.filter((name) => !isRequestName(name))).toEqual([])
})

test('no header that holds a secret is asked for: access logs carry their values', () => {
  expect(namingHeaders.filter((name) => /token|key|auth|cookie|secret|password|crumb/.test(name))).toEqual([])
})

const segment = fc.constantFrom(
  '',
  'v1',
  'v2',
  'v3',
  'kv',
  'keys',
  '_search',
  '_doc',
  'graphql',
  'metrics',
  'api',
  'a',
  'manifests',
)
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
const headers = fc.dictionary(
  fc.constantFrom(...namingHeaders),
  fc.constantFrom('websocket', 'application/soap+xml', 'application/graphql', 'Telegraf', 'x'),
  { maxKeys: 2 },
)

test('the signature of a name fits exactly the requests that are called so: what Envoy is told is what logs say', () => {
  fc.assert(
    fc.property(path, headers, fc.constantFrom('GET', 'POST'), (at, some, method) => {
      const request = aRequest(at, some, method)
      const fitting = namesIn('http').filter((name) => {
        const { any, but } = requestSignature(name)!
        return any.some((m) => matchesHttp(m, request)) && !but.some((m) => matchesHttp(m, request))
      })
      expect(fitting).toEqual([nameOfRequest('http', request)].filter((name) => name !== undefined))
    }),
    { numRuns: 2_000 },
  )
})
