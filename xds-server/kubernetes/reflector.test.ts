/**
 * What a real API server can not be made to answer when a test wants it: 429 with a time to come back, a list whose token
 * runs out between two pages, lines that are no events. All else of the reflector is tested against a real one
 * (test/kubernetes/).
 */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createAuthority, issueServerCertificate, type KeyPair } from '../envoy/certificates.ts'
import { kubernetesClient } from './client.ts'
import { type Reflector, type ReflectorReport, reflect } from './reflector.ts'
import { reader } from './resource.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void
const colours = {
  name: 'colours',
  path: '/api/colours',
  read: reader(z.object({ colour: z.string() }), ({ colour }) => colour),
}

let authority: KeyPair
let server: Server
let script: Answer[] = []
let asked: string[] = []
let controller = new AbortController()

beforeAll(async () => {
  authority = await createAuthority('test', new Date())
  server = createServer(await issueServerCertificate(authority, ['127.0.0.1'], new Date()), (request, response) => {
    asked.push(`${request.url}`.replace(/&timeoutSeconds=\d+/, ''))
    // past the script: a watch in which nothing happens
    const answer = script.shift() ?? (() => response.flushHeaders())
    answer(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => void server.close())
beforeEach(() => {
  asked = []
  controller = new AbortController()
})
afterEach(() => {
  controller.abort()
  server.closeAllConnections()
})

const json =
  (status: number, body: object, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, headers).end(JSON.stringify(body))
const object = (name: string, colour: unknown, resourceVersion = '1') => ({
  metadata: { name, resourceVersion },
  colour,
})
const list = (resourceVersion: string, items: readonly object[], next?: string): Answer =>
  json(200, { metadata: { resourceVersion, continue: next }, items })
const watch =
  (...lines: readonly (object | string)[]): Answer =>
  (_request, response) => {
    for (const line of lines) response.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
  }

/** Follows until the script has been played and what comes of it is so. */
async function play(answers: readonly Answer[], isSo: (items: Reflector<string>) => boolean) {
  script = [...answers]
  const { address, port } = server.address() as { address: string; port: number }
  const access = { server: `https://${address}:${port}`, ca: authority.cert }
  const client = kubernetesClient(async () => ({ ...access, credentials: { kind: 'token', token: 'secret' } }))
  const reports: ReflectorReport[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = () => {
    if (script.length === 0 && isSo(reflector)) resolve()
  }
  const onReport = (report: ReflectorReport) => void reports.push(report)
  const reflector = reflect(colours, { client, signal: controller.signal, onChange: look, onReport })
  await promise
  return { items: Object.fromEntries(reflector.items), reports, asked: [...asked] }
}

const has = (key: string) => (reflector: Reflector<string>) => reflector.items.has(key)

test('pages, then a watch from the version of the list; a bookmark moves it on', async () => {
  const played = await play(
    [
      list('5', [object('a', 'red')], 'next'),
      list('5', [object('b', 'blue')]),
      (_request, response) => {
        watch({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } })(_request, response)
        response.end()
      },
      watch({ type: 'ADDED', object: object('c', 'green', '10') }),
    ],
    has('/c'),
  )
  const watching = '/api/colours?watch=1&allowWatchBookmarks=true&resourceVersion='
  expect(played).toEqual({
    items: { '/a': 'red', '/b': 'blue', '/c': 'green' },
    reports: [{ kind: 'listed', resource: 'colours', objects: 2 }],
    asked: ['/api/colours?limit=500', '/api/colours?limit=500&continue=next', `${watching}5`, `${watching}9`],
  })
})

test('429: not before the time that the server names', async () => {
  const { reports } = await play(
    [json(429, { message: 'slow down' }, { 'retry-after': '1' }), list('5', [object('a', 'red')])],
    has('/a'),
  )
  expect(reports[0]).toMatchObject({ kind: 'interrupted', cause: 'status 429: {"message":"slow down"}' })
  const [first] = reports
  const waited = first?.kind === 'interrupted' ? first.retryInMs : 0
  expect(waited).toBeGreaterThanOrEqual(1_000)
})

test('a list whose token ran out between two pages begins anew: nothing of the first is left', async () => {
  const { items, asked } = await play(
    [list('5', [object('gone', 'red')], 'next'), json(410, { message: 'expired' }), list('9', [object('a', 'blue')])],
    has('/a'),
  )
  expect(items).toEqual({ '/a': 'blue' })
  expect(asked[2]).toBe('/api/colours?limit=500')
})

test.for<[name: string, line: object | string]>([
  ['no JSON', '{"type":"ADDED","obj'],
  ['no event', { type: 'SURPRISE', object: {} }],
  ['an object that has no name', { type: 'ADDED', object: { colour: 'red' } }],
  ['a version too old', { type: 'ERROR', object: { code: 410, message: 'too old' } }],
])('a watch with %s: what was missed is found by a new list', async ([, line]) => {
  const { items } = await play(
    [list('5', [object('a', 'red'), object('b', 'red')]), watch(line), list('9', [object('a', 'blue')])],
    (reflector) => reflector.items.get('/a') === 'blue',
  )
  expect(items).toEqual({ '/a': 'blue' })
})

test('an error of another kind in a watch: it goes on from where it was', async () => {
  const change = { type: 'ADDED', object: object('b', 'blue', '7') }
  const error = { type: 'ERROR', object: { code: 500, message: 'oops' } }
  const last = { type: 'ADDED', object: object('c', 'green', '8') }
  const { asked } = await play([list('5', [object('a', 'red')]), watch(change, error), watch(last)], has('/c'))
  expect(asked[2]).toContain('resourceVersion=7')
})

test('an object that can not be read is told, and is not what it was before', async () => {
  const broken = { type: 'MODIFIED', object: object('a', 7, '6') }
  const { items, reports } = await play(
    [list('5', [object('a', 'red'), object('b', 'blue')]), watch(broken)],
    (reflector) => !has('/a')(reflector),
  )
  expect(items).toEqual({ '/b': 'blue' })
  expect(reports[1]).toMatchObject({ kind: 'unreadable', object: '/a', problems: [{ path: 'colour' }] })
})
