import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { anHttp, aRule, tcp } from '../../test/support/builders.ts'
import { flushMilliseconds } from './observer.ts'
import { gapEvent } from './own-events.ts'
import { aConnection, appToDb, type Observed, observed } from './testdata/observed.ts'
import { aRequest, aStart, epoch } from './testdata/records.ts'

const open: { close: () => void }[] = []
afterEach(() => {
  for (const one of open.splice(0).reverse()) one.close()
})
const begin = (options: Parameters<typeof observed>[0]): Observed => {
  const one = observed(options)
  let last = one
  open.push({ close: () => last.close() })
  const restart = (pause?: number) => {
    last = last.restart(pause)
    return { ...last, restart }
  }
  return { ...one, restart }
}
const aPath = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-observer-'))
  open.push({ close: () => rmSync(folder, { recursive: true, force: true }) })
  return join(folder, 'observed.db')
}
const postgres = aRule('nv.app.yelb', 'nv.db.yelb', { id: 'app-db', applications: ['postgresql'], ports: tcp(5432) })
const brief = ({ observer }: Observed) =>
  observer
    .conversations()
    .map((c) => [c.source, c.destination, c.application, c.port, c.verdict, c.rule, c.connections])
const denied = { rule: 'default', denied: true }

describe('the map', () => {
  test('shows a conversation as soon as its connection is open, and counts it once', () => {
    const one = begin({ mode: 'protect', parts: { rules: [postgres] } })
    const silent = aStart({ ...appToDb, at: epoch })
    one.observer.accept([silent])
    expect(brief(one)).toEqual([['nv.app.yelb', 'nv.db.yelb', 'unknown', 5432, 'allow', 'default', 1]])
    const shadow = { rule: 'app-db', denied: false }
    one.observer.accept([aConnection({ phase: 'connected', shadow }), aConnection({ shadow })])
    expect(brief(one)).toEqual([['nv.app.yelb', 'nv.db.yelb', 'postgresql', 5432, 'allow', 'app-db', 1]])
    expect(one.observer.hits().get('app-db')).toEqual({ hits: 1, lastHit: epoch })
  })

  test('counts each request of a connection, by what it asks for', () => {
    const one = begin({ mode: 'protect' })
    const http = { ...appToDb, shadow: { rule: 'r', denied: false } }
    one.observer.accept([
      aRequest('GET', '/votes/1?x', http),
      aRequest('GET', '/votes/22', http),
      aRequest('POST', '/', http),
    ])
    const [conversation] = one.observer.conversations()
    expect([conversation?.connections, conversation?.requests, conversation?.evidence.requests]).toEqual([
      1,
      3,
      { 'GET /votes/{param}': 2, 'POST /': 1 },
    ])
    expect(one.observer.hits().get('r')?.hits).toBe(3)
  })

  test('leaves probes out and counts them', async () => {
    const one = begin({ mode: 'protect', parts: { rules: [postgres] } })
    one.observer.accept([aConnection({ application: undefined, bytesReceived: 0 })])
    expect(brief(one)).toEqual([])
    expect(await one.registry.getSingleMetricAsString('postern_probes_total')).toContain('postern_probes_total 1')
  })

  test('is there again after a restart, with hits, and a live connection is not counted twice', () => {
    const one = begin({ mode: 'protect', path: aPath(), parts: { rules: [postgres] } })
    const shadow = { rule: 'app-db', denied: false }
    one.observer.accept([aConnection({ phase: 'connected', shadow, bytesReceived: 10 })])
    one.clock.pass(flushMilliseconds)
    const next = one.restart()
    expect(brief(next)).toEqual([['nv.app.yelb', 'nv.db.yelb', 'postgresql', 5432, 'allow', 'app-db', 1]])
    const later = { shadow, at: one.clock.now(), startedAt: epoch }
    next.observer.accept([aConnection({ ...later, phase: 'periodic', bytesReceived: 50 })])
    next.observer.accept([aConnection({ ...later, bytesReceived: 60 })])
    const [conversation] = next.observer.conversations()
    expect([conversation?.connections, conversation?.bytesReceived]).toEqual([1, 20])
    expect(next.observer.hits().get('app-db')?.hits).toBe(1)
  })

  test('goes back further than the hour in memory', () => {
    const one = begin({ mode: 'protect' })
    one.observer.accept([aConnection({ shadow: { rule: 'r', denied: false } })])
    one.clock.pass(2 * 3_600_000)
    expect(one.observer.conversations()).toEqual([])
    const since = { since: epoch, until: one.clock.now() }
    expect(one.observer.conversations(since).map((c) => c.connections)).toEqual([1])
  })
})

describe('an event', () => {
  const events = ({ observer }: Observed) => observer.events.query({ limit: 10 })

  test('tells a violation with the rule, both ends and the trace', () => {
    const one = begin({ mode: 'monitor', parts: { rules: [{ ...postgres, ports: tcp(80) }] } })
    one.observer.accept([aConnection({ shadow: denied })])
    const [event] = events(one)
    expect(event).toMatchObject({
      kind: 'violation',
      severity: 'medium',
      message: 'nv.app.yelb → nv.db.yelb: postgresql to port 5432 would be denied in Protect: no rule allows it',
      source: { group: 'nv.app.yelb', workload: 'app', namespace: 'yelb', ip: '10.42.0.11' },
      destination: { group: 'nv.db.yelb', workload: 'db', namespace: 'yelb', ip: '10.42.0.13' },
      port: 5432,
      application: 'postgresql',
      rule: 'default',
      action: 'allowed',
      mode: 'monitor',
      trace: { policy: 'deny', consequence: 'violation', rule: 'default' },
    })
  })

  test('of another application than the port is for is a mismatch', () => {
    const one = begin({ mode: 'protect', parts: { rules: [postgres] } })
    one.observer.accept([aConnection({ application: 'http', shadow: denied, enforced: denied })])
    expect(events(one)).toMatchObject([
      {
        kind: 'mismatch',
        severity: 'high',
        action: 'denied',
        message: 'nv.app.yelb → nv.db.yelb: http to port 5432 was denied: its rules there are for postgresql',
      },
    ])
  })

  test('of a refused request is found by the incident its client was told, and keeps no query', () => {
    const rule = aRule('nv.app.yelb', 'nv.db.yelb', {
      id: 'no-post',
      action: 'deny',
      http: [anHttp({ methods: ['POST'] })],
    })
    const one = begin({ mode: 'protect', parts: { rules: [rule] } })
    const refused = { rule: 'no-post', denied: true }
    const request = aRequest('POST', '/a?token=secret', { ...appToDb, shadow: refused, enforced: refused })
    one.observer.accept([request])
    expect(one.observer.events.query({ incident: 'i1', limit: 1 })).toMatchObject([
      {
        rule: 'no-post',
        action: 'denied',
        incident: 'i1',
        http: { method: 'POST', path: '/a', host: 'db' },
        message: 'nv.app.yelb → nv.db.yelb: http to port 5432 was denied: rule no-post says so',
        trace: { rule: 'no-post' },
      },
    ])
  })

  test('is not made for what is allowed, learned, or goes on', () => {
    const one = begin({ mode: 'discover' })
    const shadow = denied
    one.observer.accept([aConnection({ phase: 'connected', shadow }), aConnection({ shadow })])
    expect(events(one)).toEqual([])
    const monitored = begin({ mode: 'monitor' })
    monitored.observer.accept([aConnection({ phase: 'connected', shadow }), aConnection({ shadow })])
    expect(events(monitored).map((e) => e.count)).toEqual([1])
  })

  test('tells who changed what', () => {
    const one = begin({})
    one.store.write({ document: 'rules', value: [postgres], base: 2, author: 'cli:ann', summary: 'one rule' })
    expect(events(one)).toMatchObject([
      { kind: 'audit', severity: 'info', message: 'cli:ann changed the rules (revision 3): one rule' },
    ])
  })

  test('tells that nobody listened for a while', () => {
    const one = begin({ path: aPath() })
    const next = one.restart(60_000)
    expect(events(next)).toMatchObject([
      { kind: 'enforcement', message: expect.stringMatching(/^No access logs were received for 60 s/) },
    ])
    expect(events(next.restart())).toHaveLength(1)
  })

  test('tells that a damaged history was set aside', () => {
    const path = aPath()
    writeFileSync(path, 'damaged'.repeat(1000))
    expect(events(begin({ path }))).toMatchObject([{ kind: 'enforcement', severity: 'high' }])
  })
})

describe('what can not be written', () => {
  /** Refuses rows that say `large`, as a full disk does. */
  const filling = (path: string, table: string) => {
    observed({ path }).close()
    const file = new DatabaseSync(path)
    file.exec(
      `CREATE TRIGGER full BEFORE INSERT ON ${table} WHEN new.${table === 'events' ? 'body' : 'key'} LIKE '%large%'
       BEGIN SELECT RAISE(FAIL, 'disk is full'); END`,
    )
    file.close()
    return path
  }
  const well = { ok: true, detail: 'recording' }

  test.each([
    ['rollups', 'history'],
    ['events', 'events'],
  ])('of %s is told until a flush writes everything', (table, what) => {
    const one = begin({ mode: 'monitor', path: filling(aPath(), table) })
    expect(one.observer.healthy()).toEqual(well)
    one.observer.accept([aConnection({ shadow: { rule: 'large', denied: true } })])
    if (table === 'rollups') one.clock.pass(flushMilliseconds)
    expect(one.observer.healthy()).toEqual({ ok: false, detail: `${what}: disk is full` })
    one.observer.accept([aConnection({ stream: 's2', shadow: { rule: 'small', denied: true } })])
    one.clock.pass(flushMilliseconds)
    expect(one.observer.healthy()).toEqual(well)
  })

  test('is no failure of whoever records an event: a refused resource must not end its stream', () => {
    const one = begin({ mode: 'monitor', path: filling(aPath(), 'events') })
    one.observer.events.record({ ...gapEvent(0, 60_000)!, message: 'large' })
    expect(one.observer.healthy()).toEqual({ ok: false, detail: 'events: disk is full' })
  })
})

const anyRecord = fc
  .record({
    stream: fc.constantFrom('a', 'b', 'c', 'd'),
    phase: fc.constantFrom('start', 'connected', 'periodic', 'end'),
    ip: fc.constantFrom('10.42.0.11', '198.51.100.7', '10.42.9.9'),
    application: fc.constantFrom(undefined, 'http', 'postgresql'),
    shadow: fc.constantFrom(undefined, denied, { rule: 'app-db', denied: false }),
    denyChain: fc.boolean(),
    bytesReceived: fc.nat({ max: 1 }),
  })
  .map(({ ip, ...more }) => aConnection({ ...more, source: { ip, port: 1 } }))

test('whatever sidecars send, each connection that ended is counted once, or is a probe', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRecord, { maxLength: 40 }), async (records) => {
      const one = observed({ mode: 'protect', parts: { rules: [postgres] } })
      try {
        for (const record of records) {
          one.observer.accept([record])
          one.clock.pass(100)
        }
        const last = new Map(records.map((r) => [r.stream, r.phase]))
        const cut = [...last].filter(([, phase]) => phase !== 'end').map(([stream]) => aConnection({ stream }))
        one.observer.accept(cut)
        const ended = records.filter((r) => r.phase === 'end').length + cut.length
        const counted = one.observer.conversations().reduce((n, c) => n + c.connections, 0)
        const probes = (await one.observer.metrics.probes.get()).values[0]!.value
        const hits = [...one.observer.hits().values()].reduce((n, h) => n + h.hits, 0)
        expect([counted + probes, hits]).toEqual([ended, counted])
      } finally {
        one.close()
      }
    }),
    { numRuns: 60 },
  )
})
