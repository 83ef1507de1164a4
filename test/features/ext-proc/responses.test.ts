/** What happens to responses: real Envoy 1.40, the filters as compiled, an inspection that knows words. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { type Classifier, startClassifier } from './classifier.ts'
import { ask, Exchange } from './client.ts'
import { openStand, type Stand } from './stand.ts'

const profiles = {
  inline: { enforce: true, plan: { responseBytes: 64 * 1024 } },
  observe: { enforce: false, plan: { responseBytes: 64 * 1024 } },
}
let stand: Stand
let classifier: Classifier

beforeAll(async () => {
  stand = await openStand(profiles)
  classifier = await startClassifier(stand.socket, { profiles, times: { response: 300, idle: 100 } })
})
afterAll(async () => {
  await stand.close()
  await classifier.service.close(0)
})

describe('a response that leaks', () => {
  test.each(['/body/LEAK', '/chunked/LEAK', '/large/60000/LEAK'])('is replaced (%s)', async (path) => {
    const { id, status, body, headers } = await ask(stand.port('inline'), { path })
    const { incident, ...logged } = await stand.logged(id)
    expect([status, body, headers['x-postern-incident']]).toEqual([
      403,
      `Denied by inspection. Incident ${incident}\n`,
      incident,
    ])
    expect(logged).toMatchObject({ code: 403, details: 'postern_dlp', inspection: { action: 'deny', found: 1 } })
  })

  test('only watched: it arrives, and the log has it beside what was in the request', async () => {
    const { id, status, body, headers } = await ask(stand.port('observe'), { path: '/body/NOTED' })
    expect([status, body, headers['content-length'], (await stand.logged(id)).inspection]).toMatchObject([
      200,
      'NOTED',
      '5',
      { action: 'pass', found: 2 },
    ])
  })
})

describe('a masked response', () => {
  test('of the same length keeps its length', async () => {
    const { body, headers, id } = await ask(stand.port('inline'), { path: '/body/card%20SECRET' })
    expect([body, headers['content-length'], (await stand.logged(id)).inspection?.action]).toEqual([
      'card ******',
      '11',
      'mask',
    ])
  })

  test('in chunks', async () => {
    const { body, headers } = await ask(stand.port('inline'), { path: '/chunked/card%20SECRET' })
    expect([body, headers['content-length']]).toEqual(['card ******', undefined])
  })

  test('that was compressed is plain now: its length and its encoding are gone', async () => {
    const { body, headers, complete } = await ask(stand.port('inline'), { path: '/gzip' })
    expect([body, headers['content-length'], headers['content-encoding'], complete]).toEqual([
      'a plain text, much longer',
      undefined,
      undefined,
      true,
    ])
  })

  test('for HTTP/1.0', async () => {
    const { body, status } = await ask(stand.port('inline'), { path: '/chunked/card%20SECRET', version: '1.0' })
    expect([status, body]).toEqual([200, 'card ******'])
  })
})

describe('an honest response', () => {
  test('longer than what is looked at arrives whole', async () => {
    const { body, headers, complete } = await ask(stand.port('inline'), { path: '/large/3000000/end' })
    expect([body.length, body.slice(-5), headers['content-length'], complete]).toEqual([
      3_000_003,
      'xxend',
      '3000003',
      true,
    ])
  })

  test.each([
    ['HEAD', '/body/abc', 200, '3'],
    ['GET', '/204', 204, undefined],
    ['GET', '/304', 304, undefined],
  ])('%s %s has no body and is judged all the same', async (method, path, status, length) => {
    const answer = await ask(stand.port('inline'), { method, path })
    const seen = classifier.inspector.seen.findLast((it) => it.call === 'response')
    expect([answer.status, answer.body, answer.headers['content-length'], seen]).toMatchObject([
      status,
      '',
      length,
      { head: { status }, body: undefined },
    ])
  })

  test('with trailers keeps them', async () => {
    const exchange = new Exchange(stand.port('inline')).head({ path: '/trailers', headers: { te: 'trailers' } })
    await exchange.answer()
    expect(exchange.text).toMatch(/\r\n4\r\nbody\r\n0\r\nx-after: v\r\n\r\n$/)
    const seen = classifier.inspector.seen.findLast((it) => it.call === 'response')
    expect(seen?.head.headers).toContainEqual(['x-after', 'v'])
  })
})

describe('a stream of events', () => {
  test('every event leaves when it is complete, masked', async () => {
    const exchange = new Exchange(stand.port('inline')).head({ path: '/steps/events' })
    await exchange.until((text) => text.includes('\r\n\r\n'))
    stand.app.step('data: one\n\n')
    await exchange.until((text) => text.includes('data: one\n\n'))
    stand.app.step('data: SECRET\n\ndata: tw')
    await exchange.until((text) => text.includes('data: ******\n\n'))
    stand.app.step('o\n\n', true)
    expect((await exchange.answer()).body).toBe('data: one\n\ndata: ******\n\ndata: two\n\n')
  })

  test('a leak cuts it: what has left has left, the log says why', async () => {
    const exchange = new Exchange(stand.port('inline')).head({ path: '/steps/events' })
    await exchange.until((text) => text.includes('\r\n\r\n'))
    stand.app.step('data: one\n\n')
    await exchange.until((text) => text.includes('data: one'))
    stand.app.step('data: LEAK\n\n')
    const { body, complete } = await exchange.answer()
    expect([body, complete, (await stand.logged(exchange.id)).inspection]).toMatchObject([
      'data: one\n\n',
      false,
      { action: 'deny', found: 1 },
    ])
  })

  test('only watched it is not touched', async () => {
    const exchange = new Exchange(stand.port('observe')).head({ path: '/steps/events' })
    await exchange.until((text) => text.includes('\r\n\r\n'))
    stand.app.step('data: NOTED\n\n')
    await exchange.until((text) => text.includes('data: NOTED\n\n'))
    stand.app.step('data: two\n\n', true)
    await exchange.answer()
    expect((await stand.logged(exchange.id)).inspection).toMatchObject({ action: 'pass', found: 1 })
  })
})

describe('a response that takes its time', () => {
  const stepping = (id: string) => eventually('the app answers', () => stand.app.reached(id)?.ended)

  test('leaves when it is complete, where it is quick enough', async () => {
    const exchange = new Exchange(stand.port('inline')).head({ path: '/steps/slow' })
    await stepping(exchange.id)
    stand.app.step('a SEC')
    stand.app.step('RET', true)
    expect((await exchange.answer()).body).toBe('a ******')
  })

  test('goes on piece by piece, and nothing is held back for long', async () => {
    const exchange = new Exchange(stand.port('inline')).head({ path: '/steps/slow' })
    await stepping(exchange.id)
    stand.app.step('first')
    await exchange.until((text) => text.includes('first'))
    stand.app.step('a SECRET without an end of line')
    await exchange.until((text) => text.includes('a ****** without'))
    stand.app.step('last', true)
    expect((await exchange.answer()).body).toBe('firsta ****** without an end of linelast')
  })

  test('a leak in a later piece cuts it', async () => {
    const exchange = new Exchange(stand.port('inline')).head({ path: '/steps/slow' })
    await stepping(exchange.id)
    stand.app.step('first\n')
    await exchange.until((text) => text.includes('first'))
    stand.app.step('LEAK\n')
    const { body, complete } = await exchange.answer()
    expect([body, complete]).toEqual(['first\n', false])
  })
})
