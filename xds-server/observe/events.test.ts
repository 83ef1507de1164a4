import fc from 'fast-check'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, test } from 'vitest'
import { openObserved } from './database.ts'
import { maxEventAgeMilliseconds, maxEvents, maxIncidents } from './event-store.ts'
import { Events, mergeMilliseconds, type NewEvent, perFamily, perSort, summaryMilliseconds } from './events.ts'
import { createMetrics } from './metrics.ts'
import type { PosternEvent } from './model.ts'
import { epoch } from './testdata/records.ts'

const anEvent = (more: Partial<NewEvent> = {}): NewEvent => ({
  kind: 'violation',
  severity: 'medium',
  time: epoch,
  message: 'legacy → db is not allowed',
  source: { group: 'external', workload: undefined, namespace: undefined, ip: '198.51.100.7' },
  destination: { group: 'nv.db.lab', workload: 'db', namespace: 'lab', ip: '10.22.0.13' },
  port: 5432,
  application: 'postgresql',
  rule: 'default',
  action: 'denied',
  mode: 'protect',
  incident: undefined,
  http: undefined,
  trace: undefined,
  ...more,
})

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

function anEventLog() {
  const { database } = openObserved(':memory:', epoch)
  closers.push(() => database.close())
  const registry = new Registry()
  const errors: unknown[] = []
  const clock = { now: epoch }
  const metrics = createMetrics(registry)
  const events = new Events({ database, metrics, now: () => clock.now, onSubscriberError: (e) => errors.push(e) })
  const pass = (milliseconds: number) => {
    clock.now += milliseconds
    events.tick()
  }
  const all = () => events.query({ limit: 10_000 })
  const suppressed = async () => (await metrics.suppressed.get()).values.map((v) => [v.labels.limit, v.value])
  return { database, events, clock, pass, all, errors, suppressed }
}

describe('equal events', () => {
  test('within two seconds are one with a count, told when they came and when they were counted', () => {
    const { events, pass, all } = anEventLog()
    const told: unknown[] = []
    events.subscribe((event) => told.push([event.id, event.count, event.lastTime]))
    events.record(anEvent())
    events.record(anEvent({ time: epoch + 500 }))
    events.record(anEvent({ time: epoch + 1999 }))
    events.record(anEvent({ port: 6379 }))
    pass(mergeMilliseconds)
    expect(told).toEqual([
      [1, 1, epoch],
      [2, 1, epoch],
      [1, 3, epoch + 1999],
    ])
    expect(all().map((e) => [e.id, e.port, e.count])).toEqual([
      [2, 6379, 1],
      [1, 5432, 3],
    ])
  })

  test('two seconds later are another event', () => {
    const { events, all } = anEventLog()
    events.record(anEvent())
    events.record(anEvent({ time: epoch + mergeMilliseconds }))
    expect(all().map((e) => e.count)).toEqual([1, 1])
  })

  test('every incident of a merged event finds it', () => {
    const { events, pass } = anEventLog()
    for (const incident of ['a', 'b', 'c']) events.record(anEvent({ incident }))
    pass(mergeMilliseconds)
    expect(['a', 'b', 'c', 'd'].map((incident) => events.query({ incident, limit: 5 }).map((e) => e.id))).toEqual([
      [1],
      [1],
      [1],
      [],
    ])
  })
})

describe('a flood', () => {
  test('of what one sensor finds leaves room for another', () => {
    const { events, all } = anEventLog()
    const found = (sensor: string, where: string) =>
      events.record(
        anEvent({
          kind: 'threat',
          inspection: { sensor, score: 5, findings: [{ rule: 'r', severity: 'critical', message: '', where }] },
        }),
      )
    for (let i = 0; i < perSort.burst * 2; i++) found('loud', `ARGS:${i}`)
    found('other', 'url')
    expect(all()[0]?.inspection?.sensor).toBe('other')
    expect(all()).toHaveLength(perSort.burst + 1)
  })

  test('of requests that nobody could judge leaves room for what the control plane has to say', () => {
    const { events, all } = anEventLog()
    const http = { method: 'GET', path: '/', host: 'db' }
    for (let i = 0; i < perFamily.burst + 50; i++) {
      events.record(
        anEvent({
          kind: 'enforcement',
          http,
          source: { group: `g${i}`, workload: undefined, namespace: undefined, ip: undefined },
        }),
      )
    }
    events.record(anEvent({ kind: 'enforcement', message: 'the classifier does not answer' }))
    expect(all()[0]?.message).toBe('the classifier does not answer')
  })

  test('of one sort becomes a summary with the number that was not stored, and each incident still finds it', async () => {
    const { events, pass, all, suppressed } = anEventLog()
    for (let i = 0; i < 100; i++) {
      events.record(anEvent({ http: { method: 'GET', path: `/${i}`, host: 'db' }, incident: `i${i}` }))
    }
    events.record(anEvent({ destination: { group: 'nv.ui.lab', workload: 'ui', namespace: 'lab', ip: '10.22.0.2' } }))
    expect(await suppressed()).toEqual([['sort', 100 - perSort.burst]])
    expect(all()).toHaveLength(perSort.burst + 1)
    pass(summaryMilliseconds)
    const [summary] = all()
    expect(summary).toMatchObject({ kind: 'violation', count: 100 - perSort.burst, rule: 'default', port: 5432 })
    expect([summary?.source, summary?.destination?.group]).toEqual([{ group: 'external' }, 'nv.db.lab'])
    expect(events.query({ incident: 'i99', limit: 1 })).toEqual([summary])
  })

  test('from everywhere becomes one summary, and leaves room for what people do', async () => {
    const { events, pass, all, suppressed } = anEventLog()
    const flood = perFamily.burst + 50
    for (let i = 0; i < flood; i++) events.record(anEvent({ rule: `rule-${i}` }))
    events.record(anEvent({ kind: 'audit', message: 'ann changed the rules' }))
    expect(await suppressed()).toEqual([['family', 50]])
    pass(summaryMilliseconds)
    const [summary, audit] = all()
    expect([summary?.count, summary?.kind, summary?.source, summary?.rule]).toEqual([
      50,
      'violation',
      undefined,
      undefined,
    ])
    expect(audit?.kind).toBe('audit')
  })

  test('that is over lets events through again', () => {
    const { events, clock, all } = anEventLog()
    for (let i = 0; i < 2 * perSort.burst; i++) events.record(anEvent({ port: i + 1 }))
    clock.now += 3_000
    for (let i = 0; i < 9; i++) events.record(anEvent({ port: 1000 + i, time: clock.now }))
    expect(all()).toHaveLength(perSort.burst + 3)
  })

  test('loses nothing: stored counts add up to what was recorded', () => {
    const step = fc.record({
      port: fc.integer({ min: 1, max: 90 }),
      rule: fc.constantFrom('a', 'b'),
      wait: fc.nat({ max: 900 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const { events, clock, all } = anEventLog()
        for (const { port, rule, wait } of steps) {
          clock.now += wait % 7 === 0 ? wait : 0
          events.record(anEvent({ port, rule, time: clock.now }))
          events.tick()
        }
        events.flush()
        expect(all().reduce((total, e) => total + e.count, 0)).toBe(steps.length)
      }),
      { numRuns: 30 },
    )
  })
})

describe('queries', () => {
  test('each part of a filter narrows the answer, newest first', () => {
    const { events } = anEventLog()
    events.record(anEvent({ time: epoch + 1 }))
    events.record(anEvent({ time: epoch + 2, kind: 'mismatch', severity: 'high', rule: 'r2' }))
    events.record(anEvent({ time: epoch + 3, source: undefined, rule: undefined, kind: 'audit', severity: 'info' }))
    const ids = (filter: Partial<Parameters<Events['query']>[0]>) =>
      events.query({ limit: 9, ...filter }).map((e: PosternEvent) => e.id)
    expect(ids({})).toEqual([3, 2, 1])
    expect(ids({ limit: 2 })).toEqual([3, 2])
    expect(ids({ kind: 'mismatch' })).toEqual([2])
    expect(ids({ severity: 'info' })).toEqual([3])
    expect(ids({ group: 'external' })).toEqual([2, 1])
    expect(ids({ group: 'nv.db.lab' })).toEqual([3, 2, 1])
    expect(ids({ rule: 'r2' })).toEqual([2])
    expect(ids({ since: epoch + 2, until: epoch + 2 })).toEqual([2])
    expect(ids({ before: 3, after: 1 })).toEqual([2])
  })

  test('an event comes back whole', () => {
    const { events, all } = anEventLog()
    const event = anEvent({ incident: 'i', http: { method: 'GET', path: '/', host: 'h' } })
    events.record(event)
    expect(all()).toEqual([{ ...event, id: 1, count: 1, lastTime: epoch }])
  })
})

test('old events are forgotten, and ids go on', () => {
  const { events, pass, all } = anEventLog()
  events.record(anEvent({ incident: 'old' }))
  pass(maxEventAgeMilliseconds + 1)
  expect([all(), events.query({ incident: 'old', limit: 1 })]).toEqual([[], []])
  events.record(anEvent({ time: epoch + maxEventAgeMilliseconds }))
  expect(all().map((e) => e.id)).toEqual([2])
})

test('past their number the oldest go, and the oldest incidents', () => {
  const { database, pass, all, events } = anEventLog()
  database.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${maxEvents + 5})
    INSERT INTO events SELECT i, 'audit', 'info', ${epoch}, NULL, NULL, NULL, '{}' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${maxIncidents + 5})
    INSERT INTO incidents SELECT i, 'i' || i, ${maxEvents} FROM n`)
  pass(0)
  expect(events.query({ before: 8, limit: 9 }).map((e) => e.id)).toEqual([7, 6])
  expect(all()[0]?.id).toBe(maxEvents + 5)
  const found = (incident: string) => events.query({ incident, limit: 1 }).map((e) => e.id)
  expect([found('i5'), found('i6')]).toEqual([[], [maxEvents]])
})

test('a subscriber that throws is reported, the others are told, and one that left is not', () => {
  const { events, errors } = anEventLog()
  const told: number[] = []
  events.subscribe(() => {
    throw new Error('broken')
  })
  const leave = events.subscribe((event) => told.push(event.id))
  events.record(anEvent())
  leave()
  events.record(anEvent({ port: 1 }))
  expect(told).toEqual([1])
  expect(errors.map(String)).toEqual(['Error: broken', 'Error: broken'])
})
