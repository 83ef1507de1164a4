/**
 * The classifier is not there, goes away, is replaced, hangs, or is asked by a stranger: nothing passes uninspected where
 * a profile enforces, and a planned restart costs nobody a request. Real Envoy 1.40, classifiers as processes.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kill } from '../../support/processes.ts'
import { type Profiles, spawnClassifier } from './classifier.ts'
import { ask, Exchange } from './client.ts'
import { openStand, type Stand } from './stand.ts'

const profiles: Profiles = {
  inline: { enforce: true, plan: { responses: false } },
  observe: { enforce: false, plan: { responses: false } },
  stranger: { enforce: true },
  unknown: { enforce: true },
}
const { unknown: _, ...known } = profiles
let stand: Stand
const children: ChildProcess[] = []

const aClassifier = async () => {
  const child = await spawnClassifier(stand.socket, { profiles: known })
  children.push(child)
  return child
}

beforeEach(async () => {
  stand = await openStand(profiles, { wrong: ['stranger'] })
})
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child)
  await stand.close()
})

describe('without a classifier', () => {
  test('nothing passes where the profile enforces, everything where it watches', async () => {
    for (const request of [{}, { body: 'abc' }]) {
      const { id, status } = await ask(stand.port('inline'), request)
      expect([status, stand.app.reached(id)]).toEqual([500, undefined])
    }
    expect((await ask(stand.port('observe'), { body: 'abc' })).status).toBe(200)
  })

  test('and with one again everything is as before', async () => {
    await ask(stand.port('inline'), {})
    await aClassifier()
    const { status } = await ask(stand.port('inline'), { body: 'abc' })
    expect(status).toBe(200)
  })
})

test('a stranger gets no verdict, and nobody one of a profile that is not there', async () => {
  await aClassifier()
  for (const profile of ['stranger', 'unknown']) {
    const { id, status } = await ask(stand.port(profile), { body: 'abc' })
    expect([status, stand.app.reached(id)]).toEqual([500, undefined])
  }
})

test('killed while it holds bodies: those are refused, the app has seen none of them', async () => {
  const child = await aClassifier()
  const held = Array.from({ length: 20 }, () =>
    new Exchange(stand.port('inline')).head({ method: 'POST', headers: { 'content-length': '6' } }),
  )
  for (const exchange of held) await stand.told(() => exchange.write('abc'))
  await kill(child)
  const answers = await Promise.all(held.map((exchange) => exchange.answer()))
  expect(answers.map(({ status }) => status)).toEqual(held.map(() => 500))
  expect(held.map(({ id }) => stand.app.reached(id))).toEqual(held.map(() => undefined))
})

test('frozen: the connection is found dead, and the request refused', async () => {
  const child = await aClassifier()
  expect((await ask(stand.port('inline'), {})).status).toBe(200)
  child.kill('SIGSTOP')
  const { id, status } = await ask(stand.port('inline'), { body: 'abc' })
  expect([status, stand.app.reached(id)]).toEqual([500, undefined])
})

/** Requests on connections that stay, one after the other on each, until `stop`. */
function load(port: number, connections: number) {
  const statuses: Record<string, number> = {}
  let stopping = false
  let total = 0
  let wanted = { count: Number.POSITIVE_INFINITY, reached: () => {} }
  const client = async (i: number) => {
    const socket = connect(port, '127.0.0.1')
    const incoming: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]()
    const body = i % 2 === 0 ? '' : 'x=hello'
    const request = `${body ? 'POST' : 'GET'} / HTTP/1.1\r\nhost: app\r\nx-id: load\r\n${body ? `content-length: ${body.length}\r\n` : ''}\r\n${body}`
    while (!stopping) {
      socket.write(request)
      let text = ''
      while (!text.endsWith('\r\n\r\nok') && !/content-length: 0\r\n.*\r\n\r\n$/s.test(text)) {
        const { value, done } = await incoming.next()
        if (done) throw new Error('Envoy has closed the connection')
        text += value.toString('latin1')
      }
      const status = text.slice(9, 12)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (++total >= wanted.count) wanted.reached()
    }
    socket.destroy()
  }
  const clients = Array.from({ length: connections }, (_, i) => client(i))
  return {
    statuses,
    until: (count: number) =>
      new Promise<void>((reached) => {
        wanted = { count, reached }
        if (total >= count) reached()
      }),
    async stop() {
      stopping = true
      await Promise.all(clients)
    },
  }
}

test('replaced under load, three times: no request is lost', async () => {
  let serving = await aClassifier()
  const running = load(stand.port('inline'), 16)
  for (let round = 1; round <= 3; round++) {
    await running.until(round * 500)
    const successor = await aClassifier()
    const gone = once(serving, 'exit')
    serving.kill('SIGTERM')
    expect(await gone).toEqual([0, null])
    serving = successor
  }
  await running.until(2_000)
  await running.stop()
  expect(Object.keys(running.statuses)).toEqual(['200'])
})

test('20,000 requests through one connection of the classifier: none fails', async () => {
  await aClassifier()
  const running = load(stand.port('inline'), 16)
  await running.until(20_000)
  await running.stop()
  const connections = await stand.envoy.stats(/^cluster\.classifier\.upstream_cx_total$/)
  expect([Object.keys(running.statuses), Object.values(connections)]).toEqual([['200'], [1]])
})
