/** What happens to requests: real Envoy 1.40, the filters as compiled, an inspection that knows words. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Classifier, startClassifier } from './classifier.ts'
import { ask, Exchange } from './client.ts'
import { openStand, type Stand } from './stand.ts'

const profiles = {
  inline: { enforce: true, plan: { requestBytes: 1024 * 1024, responses: false } },
  prefix: { enforce: true, plan: { requestBytes: 64 * 1024, responses: false } },
  headers: { enforce: true, plan: { requestBytes: 0, responses: false } },
  observe: { enforce: false, plan: { requestBytes: 64 * 1024, responses: false } },
}
let stand: Stand
let classifier: Classifier

beforeAll(async () => {
  stand = await openStand(profiles)
  classifier = await startClassifier(stand.socket, { profiles, times: { request: 400, verdict: 300 } })
})
afterAll(async () => {
  await stand.close()
  await classifier.service.close(0)
})

const megabyte = (end: string) => Buffer.concat([Buffer.alloc(1024 * 1024 - end.length, 'a'), Buffer.from(end)])
const pieces = (bytes: Buffer, size = 65_536) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))

describe('an attack', () => {
  test('in the last bytes of a megabyte, with its length: the app sees nothing', async () => {
    const { id, ...answer } = await ask(stand.port('inline'), { body: megabyte('EVIL') })
    const { incident, ...logged } = await stand.logged(id)
    expect(answer).toMatchObject({
      status: 403,
      body: `Denied by inspection. Incident ${incident}\n`,
      headers: { 'x-postern-incident': incident },
    })
    expect(logged).toMatchObject({ code: 403, details: 'postern_waf', inspection: { action: 'deny', found: 1 } })
    expect(stand.app.reached(id)).toBeUndefined()
  })

  test('in the last chunk of a megabyte', async () => {
    const { id, status } = await ask(stand.port('inline'), { body: pieces(megabyte('EVIL')) })
    expect([status, stand.app.reached(id)]).toEqual([403, undefined])
  })

  test('cut in two by chunks', async () => {
    const { id, status } = await ask(stand.port('inline'), { body: ['x=EV', 'IL'] })
    expect([status, stand.app.reached(id)]).toEqual([403, undefined])
  })

  test('in the path, a header, a referer that Envoy throws away', async () => {
    const asked = [{ path: '/?q=EVIL' }, { headers: { 'x-a': 'EVIL' } }, { headers: { referer: '<EVIL' } }]
    for (const request of asked) {
      const { id, status } = await ask(stand.port('headers'), request)
      expect([status, stand.app.reached(id)]).toEqual([403, undefined])
    }
  })

  test('while the client has been told to go on (Expect: 100-continue)', async () => {
    const exchange = new Exchange(stand.port('inline')).head({
      method: 'POST',
      headers: { 'content-length': '4', expect: '100-continue' },
    })
    await exchange.until((text) => text.startsWith('HTTP/1.1 100 Continue'))
    const { status } = await exchange.write('EVIL').answer()
    expect([status, stand.app.reached(exchange.id)]).toEqual([403, undefined])
  })

  test('only watched, it passes and the log says what it was', async () => {
    const { id, status } = await ask(stand.port('observe'), { body: 'x=NOTED' })
    expect([status, stand.app.reached(id)!.tail, (await stand.logged(id)).inspection]).toMatchObject([
      200,
      'x=NOTED',
      { action: 'pass', found: 1 },
    ])
  })
})

describe('an honest request', () => {
  test('keeps its length, its body, and loses nothing to us', async () => {
    const { id, status } = await ask(stand.port('inline'), {
      body: megabyte('good'),
      headers: { referer: 'http://a/' },
    })
    const { headers, ...reached } = stand.app.reached(id)!
    expect([status, reached]).toMatchObject([200, { bytes: 1024 * 1024, tail: `${'a'.repeat(60)}good`, ended: true }])
    expect([headers['content-length'], headers.referer, headers['x-postern-referer']]).toEqual([
      '1048576',
      'http://a/',
      undefined,
    ])
    expect((await stand.logged(id)).inspection).toBeNull()
  })

  test('in chunks stays in chunks', async () => {
    const { id } = await ask(stand.port('inline'), { body: pieces(megabyte('good'), 10_000) })
    const { headers, bytes } = stand.app.reached(id)!
    expect([headers['transfer-encoding'], headers['content-length'], bytes]).toEqual([
      'chunked',
      undefined,
      1024 * 1024,
    ])
  })

  test.each(['inline', 'prefix', 'observe'])('of 4 MB passes (%s)', async (profile) => {
    const body = Buffer.alloc(4 * 1024 * 1024, 'f')
    const { id, status } = await ask(stand.port(profile), {
      body,
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    })
    expect([status, stand.app.reached(id)!.bytes]).toEqual([200, body.length])
  })

  test('longer than what is looked at: the inspection is told so', async () => {
    const { id, status } = await ask(stand.port('prefix'), { body: megabyte('EVIL') })
    const seen = classifier.inspector.seen.findLast((it) => it.call === 'request')
    expect([status, stand.app.reached(id)!.bytes, seen?.body?.length, seen?.end]).toEqual([
      200,
      1024 * 1024,
      65_536,
      false,
    ])
  })

  test('is described as it came', async () => {
    const { id } = await ask(stand.port('inline'), { path: '/a?b=%20c', version: '1.0', headers: { 'x-odd': '\xe9' } })
    const seen = classifier.inspector.seen.findLast((it) => it.call === 'request')
    const { incident } = await stand.logged(id)
    expect(seen?.head).toMatchObject({
      method: 'GET',
      path: '/a?b=%20c',
      authority: 'app',
      protocol: 'HTTP/1.0',
      source: '127.0.0.1',
      incident,
    })
    expect(Object.fromEntries(seen!.head.headers)).toMatchObject({ 'x-odd': '\xe9', 'x-id': id })
  })

  test('with found values has them overwritten before the app', async () => {
    const { id } = await ask(stand.port('inline'), { body: 'card SECRET!' })
    const { tail, headers } = stand.app.reached(id)!
    expect([tail, headers['content-length'], (await stand.logged(id)).inspection?.action]).toEqual([
      'card ******!',
      '12',
      'mask',
    ])
  })

  test('with another length after it', async () => {
    const { id } = await ask(stand.port('inline'), { body: 'ZIPPED' })
    const { tail, headers } = stand.app.reached(id)!
    expect([tail, headers['content-length']]).toEqual(['a plain text, much longer', undefined])
  })
})

describe('a body that takes its time', () => {
  test('is waited for', async () => {
    const exchange = new Exchange(stand.port('inline'))
      .head({ method: 'POST', headers: { 'content-length': '6' } })
      .write('abc')
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { status } = await exchange.write('def').answer()
    expect([status, stand.app.reached(exchange.id)!.tail]).toEqual([200, 'abcdef'])
  })

  test('but not for ever: 408, and nothing at the app', async () => {
    const exchange = new Exchange(stand.port('inline'))
      .head({ method: 'POST', headers: { 'content-length': '6' } })
      .write('abc')
    const { status } = await exchange.answer()
    expect([status, stand.app.reached(exchange.id), (await stand.logged(exchange.id)).details]).toEqual([
      408,
      undefined,
      'postern_inspection',
    ])
  })
})

describe('without a verdict', () => {
  test.each(['HANG', 'BROKEN'])('nothing passes where the profile enforces (%s)', async (word) => {
    for (const request of [{ path: `/?${word}` }, { body: word }]) {
      const { id, status } = await ask(stand.port('inline'), request)
      expect([status, stand.app.reached(id), (await stand.logged(id)).inspection?.action]).toEqual([
        503,
        undefined,
        'error',
      ])
    }
  })

  test('everything passes where it only watches, and the log says it was not seen', async () => {
    const { id, status } = await ask(stand.port('observe'), { body: 'BROKEN' })
    expect([status, (await stand.logged(id)).inspection?.action]).toEqual([200, 'error'])
  })
})

test('a client that goes away leaves nothing behind', async () => {
  const exchange = new Exchange(stand.port('inline'))
    .head({ method: 'POST', headers: { 'content-length': '6' } })
    .write('abc')
  await new Promise((resolve) => setTimeout(resolve, 50))
  const dropped = classifier.inspector.next()
  exchange.close()
  expect(await dropped).toEqual({ call: 'drop' })
  expect(stand.app.reached(exchange.id)).toBeUndefined()
})
