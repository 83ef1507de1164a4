import fc from 'fast-check'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import {
  bucketMilliseconds,
  Conversations,
  maxConversations,
  maxInBucket,
  otherName,
  windowMilliseconds,
} from './conversations.ts'
import { createMetrics } from './metrics.ts'
import type { Conversation } from './model.ts'
import { aKey, anAddition } from './testdata/additions.ts'
import { epoch } from './testdata/records.ts'

const observed = () => {
  const clock = { now: epoch }
  const metrics = createMetrics(new Registry())
  const conversations = new Conversations({ metrics, now: () => clock.now })
  const all = () => conversations.list(0, clock.now, [])
  const other = async () => (await metrics.other.get()).values[0]?.value
  return { clock, conversations, all, other }
}
const sum = (conversations: readonly Conversation[]): number => conversations.reduce((n, c) => n + c.connections, 0)

describe('a conversation', () => {
  test('adds up what its records add, over its buckets', () => {
    const { conversations, clock, all } = observed()
    conversations.add(anAddition())
    clock.now += 60_000
    conversations.add(anAddition({}, { at: clock.now, sourceIp: '10.22.0.12', mode: 'monitor' }))
    expect(all()).toEqual([
      {
        ...aKey(),
        mode: 'monitor',
        connections: 2,
        requests: 0,
        bytesReceived: 20,
        bytesSent: 40,
        firstSeen: epoch,
        lastSeen: epoch + 60_000,
        evidence: { sourceIps: ['10.22.0.11', '10.22.0.12'], destinationIps: ['10.22.0.13'], hosts: [], requests: {} },
      },
    ])
  })

  test('is another one by any part of its key', () => {
    const { conversations, all } = observed()
    const others = [
      { source: 'x' },
      { destination: 'x' },
      { port: 1 },
      { application: 'x' },
      { verdict: 'deny' },
      { rule: 'x' },
      { protocol: 'udp' },
    ] as const
    for (const other of [{}, ...others]) conversations.add(anAddition(other))
    expect(all()).toHaveLength(8)
  })

  test('can be asked for by time, to the bucket', () => {
    const { conversations, clock } = observed()
    for (let i = 0; i < 4; i++) {
      clock.now = epoch + i * bucketMilliseconds
      conversations.add(anAddition({}, { at: clock.now }))
    }
    const second = epoch + bucketMilliseconds
    expect(sum(conversations.list(second, second + bucketMilliseconds, []))).toBe(2)
    expect(conversations.list(clock.now + bucketMilliseconds, clock.now + 1e6, [])).toEqual([])
  })

  test('is forgotten after an hour', () => {
    const { conversations, clock, all } = observed()
    conversations.add(anAddition())
    clock.now += windowMilliseconds
    expect(all()).toHaveLength(1)
    clock.now += bucketMilliseconds
    expect(all()).toEqual([])
    conversations.expire()
    // Those of `other` stay.
    expect(conversations.size).toBe(3)
  })

  test('keeps which requests it made, as templates', () => {
    const { conversations, all } = observed()
    for (let i = 0; i < 100; i++)
      conversations.add(anAddition({}, { request: { method: 'GET', path: `/v/${i}?q`, host: 'db' } }))
    conversations.add(anAddition({}, { request: { method: 'POST', path: '/', host: 'db' } }))
    expect(all()[0]!.evidence.requests).toEqual({ 'GET /v/{param}': 100, 'POST /': 1 })
  })
})

describe('what is only shown', () => {
  test('is added to the answer and to nothing else', () => {
    const { conversations, clock, all } = observed()
    conversations.add(anAddition())
    const shown = conversations.list(0, clock.now, [anAddition(), anAddition({ port: 1 }), anAddition({ port: 1 })])
    expect(shown.map((c) => [c.port, c.connections])).toEqual([
      [5432, 2],
      [1, 2],
    ])
    expect(all().map((c) => c.connections)).toEqual([1])
  })
})

describe('too many', () => {
  test('different conversations in a bucket are counted under other, by verdict', async () => {
    const { conversations, all, other } = observed()
    for (let i = 0; i < maxInBucket; i++) conversations.add(anAddition({ rule: `r${i}` }))
    conversations.add(anAddition({ rule: 'one more' }))
    conversations.add(anAddition({ rule: 'and one', verdict: 'deny' }))
    conversations.add(anAddition({ rule: 'r0' }))
    const others = all().filter((c) => c.source === otherName)
    expect(others.map((c) => [c.verdict, c.connections, c.application, c.rule])).toEqual([
      ['allow', 1, otherName, otherName],
      ['deny', 1, otherName, otherName],
    ])
    expect([sum(all()), await other()]).toEqual([maxInBucket + 3, 2])
  })

  test('in an hour, too; known ones still count as themselves', async () => {
    const { conversations, clock, all, other } = observed()
    for (let i = 0; i < maxConversations; i++) {
      clock.now = epoch + Math.floor(i / 2_000) * bucketMilliseconds
      conversations.add(anAddition({ rule: `r${i}` }, { at: clock.now }))
    }
    conversations.add(anAddition({ rule: 'r0' }, { at: clock.now }))
    // The three of `other` are among them.
    expect([await other(), all().find((c) => c.rule === 'r0')?.connections]).toEqual([3, 2])
    expect(conversations.size).toBe(maxConversations)
  })
})

test('totals are conserved, whatever comes when, until it leaves the window', () => {
  const step = fc.record({
    rule: fc.nat({ max: 5 }),
    wait: fc.nat({ max: 40_000 }),
    late: fc.nat({ max: windowMilliseconds }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { conversations, clock, all } = observed()
      clock.now += 10 * windowMilliseconds
      const times: number[] = []
      for (const { rule, wait, late } of steps) {
        clock.now += wait
        const at = clock.now - late
        times.push(at)
        conversations.add(anAddition({ rule: `r${rule}` }, { at }))
        const oldest = clock.now - windowMilliseconds
        const [least, most] = [times.filter((t) => t >= oldest), times.filter((t) => t >= oldest - bucketMilliseconds)]
        expect(sum(all())).toBeGreaterThanOrEqual(least.length)
        expect(sum(all())).toBeLessThanOrEqual(most.length)
      }
    }),
    { numRuns: 50 },
  )
})

test('what an earlier process counted is there again', () => {
  const { conversations, all } = observed()
  conversations.add(anAddition({}, { request: { method: 'GET', path: '/', host: 'db' } }))
  const after = observed()
  for (const conversation of all()) after.conversations.restore(conversation)
  expect(after.all()).toEqual(all())
})
