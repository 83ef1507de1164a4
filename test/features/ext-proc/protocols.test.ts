/** Requests that are more than a request and an answer, WebSocket, gRPC, HTTP/2; and very many of them at once. */
import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { type Classifier, startClassifier } from './classifier.ts'
import { anId, Exchange } from './client.ts'
import { openStand, type Stand } from './stand.ts'

const profiles = {
  inline: { enforce: true },
  observe: { enforce: false },
}
let stand: Stand
let classifier: Classifier

beforeAll(async () => {
  stand = await openStand(profiles)
  classifier = await startClassifier(stand.socket, { profiles })
})
afterAll(async () => {
  await stand.close()
  await classifier.service.close(0)
})

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
}

describe('WebSocket', () => {
  test.each(['inline', 'observe'])('frames pass both ways once the head has (%s)', async (profile) => {
    const exchange = new Exchange(stand.port(profile)).head({ path: '/ws', headers: upgrade })
    await exchange.until((text) => text.startsWith('HTTP/1.1 101 ') && text.includes('\r\n\r\n'))
    exchange.write('EVIL but a frame')
    await exchange.until((text) => text.endsWith('EVIL but a frame'))
    exchange.close()
  })

  test('a head with an attack is refused', async () => {
    const exchange = new Exchange(stand.port('inline')).head({ path: '/ws?EVIL', headers: upgrade })
    await exchange.until((text) => text.startsWith('HTTP/1.1 403 '))
    exchange.close()
    expect(stand.app.reached(exchange.id)).toBeUndefined()
  })

  test('the word alone opens no door: a body behind an upgrade that is none is looked at', async () => {
    const exchange = new Exchange(stand.port('inline')).head({
      method: 'POST',
      headers: { upgrade: 'websocket', 'content-length': '4' },
    })
    const { status } = await exchange.write('EVIL').answer()
    expect([status, stand.app.reached(exchange.id)]).toEqual([403, undefined])
  })
})

describe('HTTP/2', () => {
  let session: ClientHttp2Session
  let id: string
  beforeEach(() => {
    session = connect(`http://127.0.0.1:${stand.port('inline')}`)
    id = anId()
  })
  afterEach(() => session.destroy())

  const open = (headers: Readonly<Record<string, string>> = {}, waitForTrailers = false) => {
    const stream = session.request({ ':method': 'POST', 'x-id': id, ...headers }, { waitForTrailers })
    stream.on('error', () => {})
    return stream
  }
  const grpc = { 'content-type': 'application/grpc', te: 'trailers' }

  test('a body with an attack is refused', async () => {
    const stream = open()
    stream.end('EVIL')
    const [headers] = await once(stream, 'response')
    expect([headers[':status'], stand.app.reached(id)]).toEqual([403, undefined])
  })

  test('trailers are looked at, and reach the app', async () => {
    const send = async (value: string) => {
      const stream = open({}, true)
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-after': value }))
      stream.write('abc')
      stream.end('def')
      const [headers] = await once(stream, 'response')
      return headers[':status']
    }
    expect(await send('fine')).toBe(200)
    expect(stand.app.reached(id)).toMatchObject({ bytes: 6, tail: 'abcdef', trailers: { 'x-after': 'fine' } })
    id = anId()
    expect([await send('EVIL'), stand.app.reached(id)]).toEqual([403, undefined])
  })

  test('gRPC in both directions at once: nothing is held', async () => {
    const stream = open(grpc)
    await once(stream, 'response')
    for (const text of ['one', 'EVIL']) {
      stream.write(text)
      const [back] = await once(stream, 'data')
      expect(String(back)).toBe(text)
    }
    stream.end()
    const [trailers] = await once(stream, 'trailers')
    expect(trailers['grpc-status']).toBe('0')
  })

  test('a refused gRPC call gets status 7, in gRPC’s way', async () => {
    const stream = open({ ...grpc, 'x-a': 'EVIL' })
    const [headers] = await once(stream, 'response')
    expect([headers[':status'], headers['grpc-status'], headers['content-type']]).toEqual([
      200,
      '7',
      'application/grpc',
    ])
    expect([stand.app.reached(id), (await stand.logged(id)).details]).toEqual([undefined, 'postern_waf'])
  })

  test('a hundred requests at once', async () => {
    const answers = Array.from({ length: 100 }, async (_, i) => {
      const stream = open({ 'x-id': `${id}-${i}` })
      stream.end(i % 2 === 0 ? 'fine' : 'EVIL')
      const [headers] = await once(stream, 'response')
      return headers[':status']
    })
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 200 : 403)))
  })
})

test('more are held at once than one connection of the classifier may carry', async () => {
  const count = 1_050
  const held = Array.from({ length: count }, () =>
    new Exchange(stand.port('inline')).head({ method: 'POST', headers: { 'content-length': '6' } }).write('abc'),
  )
  const active = async () => Object.values(await stand.envoy.stats(/^cluster\.classifier\.upstream_rq_active$/))[0]
  await eventually('all are held', async () => (await active()) === count)
  const answers = held.map((exchange) => exchange.write('def').answer())
  expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([200]))
  expect(Object.values(await stand.envoy.stats(/^cluster\.classifier\.upstream_cx_total$/))[0]).toBeGreaterThan(1)
})
