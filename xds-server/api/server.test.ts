import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ask, json, type RawRequest } from '../../test/support/over-socket.ts'
import { maxBodyBytes, maxBulkBodyBytes } from './body.ts'
import { routes } from './contract.ts'
import { type ControlPlane, controlPlane } from './testdata/harness.ts'

let plane: ControlPlane
beforeEach(async () => {
  plane = await controlPlane()
})
afterEach(() => plane.close())

const call = (method: string, path: string, request?: RawRequest) => ask(plane.socket, method, path, request)
const problem = async (method: string, path: string, request?: RawRequest) => {
  const { status, headers, body } = await call(method, path, request)
  expect(headers['content-type']).toBe('application/problem+json')
  const { type, detail, problems } = JSON.parse(body)
  return { status, type: type.replace('urn:postern:problem:', ''), detail, problems }
}
const any = { 'if-match': '*' }

test('each route of the contract has an address of its own', () => {
  const addresses = Object.values(routes).map((r) => `${r.method} ${r.path}`)
  expect(new Set(addresses).size).toBe(addresses.length)
})

describe('what can not be read', () => {
  test('an address that is none', async () => {
    const detail = 'There is no route GET /rulez.'
    expect(await problem('GET', '/api/v1/rulez')).toEqual({ status: 404, type: 'not-found', detail, problems: [] })
    expect((await problem('GET', '/api/v2/rules')).detail).toBe('There is no page /api/v2/rules.')
    expect((await problem('GET', '/api/v1/rules/%')).status).toBe(400)
  })

  test('a method the address does not know, with those it does', async () => {
    const { status, headers } = await call('DELETE', '/api/v1/rules', { headers: any })
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, PUT, POST' })
  })

  test('broken JSON and YAML, with the line', async () => {
    const broken = await problem('POST', '/api/v1/rules', {
      headers: { ...any, 'content-type': 'application/json' },
      body: '{"a":',
    })
    expect({ status: broken.status, type: broken.type }).toEqual({ status: 400, type: 'malformed' })
    const yaml = { headers: { ...any, 'content-type': 'application/yaml' }, body: 'rules:\n  - from: a\n   to: b\n' }
    const { status, problems } = await problem('PUT', '/api/v1/policy', yaml)
    expect({ status, path: problems[0].path }).toEqual({ status: 400, path: 'line 3' })
  })

  test('bytes that are no UTF-8', async () => {
    const body = Buffer.from([0x22, 0xff, 0x22])
    expect(
      (await problem('POST', '/api/v1/rules', { headers: { ...any, 'content-type': 'application/json' }, body }))
        .status,
    ).toBe(400)
  })

  test('a kind of content we do not speak', async () => {
    const form = { headers: { ...any, 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' }
    expect(await problem('POST', '/api/v1/rules', form)).toEqual({
      status: 415,
      type: 'media-type',
      detail: 'application/x-www-form-urlencoded: send JSON or YAML.',
      problems: [],
    })
  })

  test('YAML that grows by aliases', async () => {
    const level = (n: number) =>
      `${String.fromCharCode(98 + n)}: [${Array(9).fill(`*${String.fromCharCode(97 + n)}`)}]`.replace(
        ': [',
        `: &${String.fromCharCode(98 + n)} [`,
      )
    const body = ['a: &a [x, x, x, x, x, x, x, x, x]', ...[0, 1, 2, 3, 4, 5, 6].map(level)].join('\n')
    const { status, detail } = await problem('PUT', '/api/v1/policy', {
      headers: { ...any, 'content-type': 'application/yaml' },
      body,
    })
    expect({ status, detail }).toEqual({
      status: 400,
      detail: 'Excessive alias count indicates a resource exhaustion attack',
    })
  })
})

describe('bounds', () => {
  const text = (length: number) => ({
    headers: { ...any, 'content-type': 'application/json' },
    body: `"${'x'.repeat(length)}"`,
  })
  test('a single change is small, a list may be long', async () => {
    expect((await problem('POST', '/api/v1/rules', text(maxBodyBytes))).status).toBe(413)
    expect((await problem('PUT', '/api/v1/rules', text(maxBodyBytes))).status).toBe(422)
    expect((await problem('PUT', '/api/v1/rules', text(maxBulkBodyBytes))).status).toBe(413)
  })

  test('every question that could be long is bounded, and every problem told at once', async () => {
    const { status, problems } = await problem('GET', '/api/v1/events?limit=5000&since=soon&colour=red')
    expect({ status, paths: problems.map((p: { path: string }) => p.path).sort() }).toEqual({
      status: 422,
      paths: ['query', 'query.limit', 'query.since'],
    })
  })
})

describe('answers', () => {
  test('YAML for who asks for it, JSON otherwise, never kept by caches', async () => {
    const yaml = await call('GET', '/api/v1/settings', { headers: { accept: 'application/yaml' } })
    expect({ type: yaml.headers['content-type'], cache: yaml.headers['cache-control'] }).toEqual({
      type: 'application/yaml',
      cache: 'no-store',
    })
    expect(yaml.body).toBe(
      'settings:\n  mode: null\n  modeResolution: destination\n  newGroupMode: discover\n  pins: verify\n  revealRule: false\n  autoPromote:\n    toMonitor: null\n    toProtect: null\n',
    )
    expect((await call('GET', '/api/v1/settings')).headers['content-type']).toMatch(/^application\/json/)
  })

  test('a history entry has the name the CLI says, when it is a name', async () => {
    const save = (author: string, mode: string) =>
      call('PATCH', '/api/v1/settings', json({ newGroupMode: mode }, { ...any, 'postern-author': author }))
    await save('ann', 'monitor')
    await save('<b>', 'protect')
    expect(plane.store.history('settings', 2).map((r) => [r.author, r.summary])).toEqual([
      ['cli:unknown', 'settings: newGroupMode'],
      ['cli:ann', 'settings: newGroupMode'],
    ])
  })

  test('a defect is told to the log, not to the caller', async () => {
    await plane.close()
    plane = await controlPlane({ hits: broken })
    const answer = await problem('GET', '/api/v1/rules')
    expect(answer).toEqual({ status: 500, type: 'internal', detail: 'The log has the cause.', problems: [] })
    expect(plane.errors).toEqual([new Error('secret path /var/lib/x')])
  })

  const broken = () => {
    throw new Error('secret path /var/lib/x')
  }
})

test('health and metrics are beside the API', async () => {
  expect((await call('GET', '/healthz')).body).toBe('ok\n')
  expect((await call('GET', '/readyz')).status).toBe(200)
  expect((await call('GET', '/metrics')).status).toBe(200)
})
