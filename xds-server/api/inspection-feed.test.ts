import { request } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { ask } from '../../test/support/over-socket.ts'
import { parseInspectionSet } from '../policy/parse-sensor.ts'
import type { InspectionProfile, InspectionSet } from '../policy/sensor.ts'
import { predefinedWafSensors } from '../policy/sensor.ts'
import { inspectionFeed } from './inspection-feed.ts'
import { planeForEachTest } from './testdata/each-test.ts'
import { maxWaiting } from './waiting.ts'

const api = planeForEachTest()

const profile = (id: string): InspectionProfile => ({
  id,
  enforce: true,
  waf: [{ sensor: 'crs', action: 'deny' }],
  dlp: [],
  onFailure: 'failClosed',
})
const setOf = (...ids: readonly string[]): InspectionSet => ({
  wafSensors: predefinedWafSensors,
  dlpSensors: [],
  profiles: ids.map(profile),
})
const read = (query = '', known?: string) =>
  ask(
    api.plane.socket,
    'GET',
    `/api/v1/inspection${query}`,
    known === undefined ? {} : { headers: { 'if-none-match': known } },
  )

describe('what classifiers are told', () => {
  test('at once, whole, with an ETag of its own', async () => {
    const empty = await read()
    expect([empty.status, JSON.parse(empty.body)]).toEqual([200, { wafSensors: [], dlpSensors: [], profiles: [] }])
    api.plane.inspection.publish(setOf('a'))
    const { headers, body } = await read('', String(empty.headers.etag))
    expect(headers.etag).toMatch(/^"[0-9a-f]{32}"$/)
    expect(headers.etag).not.toBe(empty.headers.etag)
    expect(parseInspectionSet(JSON.parse(body))).toEqual({ ok: true, value: setOf('a') })
  })

  test('304 where nothing is new, at once or when the wait is over', async () => {
    const etag = String((await read()).headers.etag)
    for (const query of ['', '?wait=0', '?wait=1']) {
      const { status, body, headers } = await read(query, etag)
      expect([status, body, headers.etag]).toEqual([304, '', etag])
    }
    expect((await read('?wait=31', etag)).status).toBe(422)
  })

  test('whoever waits hears of the change as soon as it is there', async () => {
    const etag = String((await read()).headers.etag)
    const waiting = [read('?wait=30', etag), read('?wait=30', etag)]
    await settled()
    api.plane.inspection.publish(setOf())
    api.plane.inspection.publish(setOf('b'))
    const answers = await Promise.all(waiting)
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(JSON.parse(answers[0]!.body).profiles).toEqual([profile('b')])
  })

  test('a control plane that ends does not wait for those who wait', async () => {
    const etag = String((await read()).headers.etag)
    const lost = expect(read('?wait=30', etag)).rejects.toThrow(/hang up|ECONNRESET/)
    await settled()
    await api.restart({})
    await lost
  })
})

/** Requests that were sent before have been read by the server: it answers in the order of arrival, and this one is last. */
const settled = async () => void (await read())

describe('many who wait', () => {
  const open: (() => void)[] = []
  afterEach(() => {
    for (const close of open.splice(0)) close()
  })
  const wait = (etag: string): Promise<number> =>
    new Promise((resolve) => {
      const options = {
        socketPath: api.plane.socket,
        path: '/api/v1/inspection?wait=30',
        headers: { 'if-none-match': etag },
      }
      const call = request({ ...options, agent: false }, (answer) => resolve(answer.resume().statusCode!))
      call.on('error', () => resolve(0)).end()
      open.push(() => call.destroy())
    })

  test('are bounded, and one that leaves makes room', async () => {
    const etag = String((await read()).headers.etag)
    const inside = Array.from({ length: maxWaiting }, () => wait(etag))
    await settled()
    const { status, headers, body } = await read('?wait=30', etag)
    expect([status, headers['retry-after'], JSON.parse(body).type]).toEqual([503, '1', 'urn:postern:problem:busy'])
    expect((await read('', etag)).status).toBe(304)
    open.shift()!()
    expect(await inside[0]).toBe(0)
    const late = wait(etag)
    await settled()
    api.plane.inspection.publish(setOf('a'))
    expect([await late, ...(await Promise.all(inside.slice(1)))]).toEqual(Array.from({ length: maxWaiting }, () => 200))
  })
})

describe('the feed', () => {
  test('tells each change once, and no set that says the same', () => {
    const feed = inspectionFeed()
    const heard: (readonly string[])[] = []
    const leave = feed.watch(() => heard.push(feed.present().set.profiles.map(({ id }) => id)))
    const first = feed.present().etag
    feed.publish(setOf('a'))
    feed.publish(setOf('a'))
    feed.publish({ ...setOf('a'), wafSensors: predefinedWafSensors.map((s) => ({ ...s, comment: 'other words' })) })
    feed.publish(setOf('a', 'b'))
    leave()
    feed.publish({ wafSensors: [], dlpSensors: [], profiles: [] })
    expect(heard).toEqual([['a'], ['a'], ['a', 'b']])
    expect(feed.present().etag).toBe(first)
  })
})
