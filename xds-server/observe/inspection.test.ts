import { afterEach, describe, expect, test } from 'vitest'
import { anInspection } from '../../test/support/builders.ts'
import { createLogReader } from './access-log.ts'
import type { Inspected } from './inspected.ts'
import type { AccessRecord } from './model.ts'
import { httpLog, type Logged } from './testdata/log-messages.ts'
import { appToDb, type Observed, observed } from './testdata/observed.ts'
import { aRequest, epoch } from './testdata/records.ts'

const open: Observed[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})
const begin = (mode: 'monitor' | 'protect' = 'protect'): Observed => {
  const inspections = [anInspection('nv.db.yelb', { waf: [{ sensor: 'crs', action: 'deny' }] })]
  const one = observed({ mode, parts: { inspections } })
  open.push(one)
  return one
}

const sqli = {
  kind: 'waf',
  sensor: 'crs',
  rule: '942100',
  severity: 'critical',
  message: 'SQL Injection Attack Detected via libinjection',
  where: 'ARGS:id',
} as const
const card = {
  kind: 'dlp',
  sensor: 'creditcard',
  rule: 'card',
  severity: 'error',
  message: 'payment card number',
  where: 'body',
  sample: '41…11',
} as const

const aVerdict = (over: Partial<Inspected>): Inspected => ({
  action: 'pass',
  profile: 'p',
  score: 5,
  found: 1,
  findings: [sqli],
  ...over,
})

type Over = { readonly inspected?: Inspected; readonly status?: number; readonly details?: string }
const aJudged = ({ inspected, status = 200, details = 'via_upstream' }: Over): AccessRecord => {
  const shadow = { rule: 'web', denied: false }
  const request = aRequest('GET', '/votes?id=secret', { ...appToDb, details, shadow })
  return { ...request, http: { ...request.http!, status, ...(inspected && { inspected }) } }
}

const eventsOf = ({ observer }: Observed) => observer.events.query({ limit: 10 })
const told = (one: Observed) =>
  eventsOf(one).map(({ kind, severity, action, message }) => [kind, severity, action, message])
const metric = async ({ registry }: Observed, name: string) =>
  (await registry.getSingleMetric(name)!.get()).values.map(({ labels, value }) => [labels, value])

describe('what a record says of inspection', () => {
  const request = { request_method: 'GET', authority: 'db', path: '/', request_headers: {} }
  const read = (inspection: Logged['inspection']) => {
    const reader = createLogReader({ node: 'db', logName: 'in|http', now: () => epoch, onRejected: () => undefined })
    return reader(httpLog([{ tags: { app: 'http' }, request, ...(inspection && { inspection }) }]))[0]?.http?.inspected
  }

  test('is read whole', () => {
    const verdict = { action: 'mask', profile: 'p', score: 3, found: 20, partial: 'too long', findings: [sqli, card] }
    expect(read(verdict)).toEqual(verdict)
    expect(read(undefined)).toBeUndefined()
  })

  test('is bounded, whoever wrote it', () => {
    const long = 'x'.repeat(10_000)
    const findings = Array.from({ length: 50 }, () => ({
      ...card,
      sensor: long,
      message: long,
      severity: long,
      sample: long,
    }))
    const got = read({ action: 'deny', profile: long, score: -1, found: 'many', partial: long, findings })!
    expect(JSON.stringify(got).length).toBeLessThan(16_000)
    expect([got.findings.length, got.score, got.found, got.findings[0]?.severity]).toEqual([16, 0, 0, 'warning'])
  })

  test('is nothing where it is no verdict', () => {
    expect(read({ action: 'explode' })).toBeUndefined()
    expect(read({ action: { deny: true } })).toBeUndefined()
    expect(read({ action: 'pass', findings: ['x', { kind: 'other' }] })).toEqual({
      action: 'pass',
      profile: '',
      score: 0,
      found: 0,
      findings: [],
    })
  })
})

describe('events', () => {
  test('a threat: who, which sensor and rules, what was done; never the query', () => {
    const one = begin()
    one.observer.accept([aJudged({ inspected: aVerdict({ action: 'deny' }), status: 403, details: 'postern_waf' })])
    const [event] = eventsOf(one)
    expect(event).toMatchObject({
      kind: 'threat',
      severity: 'critical',
      message: 'nv.app.yelb → nv.db.yelb: sensor crs found 942100, which was refused',
      source: { group: 'nv.app.yelb' },
      destination: { group: 'nv.db.yelb' },
      action: 'denied',
      incident: 'i1',
      http: { method: 'GET', path: '/votes', host: 'db' },
      inspection: { sensor: 'crs', score: 5, findings: [{ rule: '942100', where: 'ARGS:id' }] },
      trace: { trace: { sensors: { waf: [{ sensor: 'crs', action: 'deny' }], dlp: [] } } },
    })
    expect(event?.rule).toBeUndefined()
    expect(one.observer.events.query({ incident: 'i1', limit: 1 })).toHaveLength(1)
  })

  test('one for each sensor; what was only watched was reported, what was overwritten is masked', () => {
    const one = begin('monitor')
    const findings = [sqli, { ...sqli, rule: '942190', severity: 'error' } as const, card]
    one.observer.accept([aJudged({ inspected: aVerdict({ findings }) })])
    one.observer.accept([aJudged({ inspected: aVerdict({ action: 'mask', findings: [card] }) })])
    expect(told(one)).toEqual([
      ['leak', 'high', 'masked', 'nv.app.yelb → nv.db.yelb: sensor creditcard found card, which was masked'],
      ['leak', 'high', 'allowed', 'nv.app.yelb → nv.db.yelb: sensor creditcard found card, which was only reported'],
      [
        'threat',
        'critical',
        'allowed',
        'nv.app.yelb → nv.db.yelb: sensor crs found 942100, 942190, which was only reported',
      ],
    ])
  })

  test('equal ones are one with a count, all incidents kept', () => {
    const one = begin()
    const again = (incident: string): AccessRecord => {
      const record = aJudged({ inspected: aVerdict({}) })
      return { ...record, http: { ...record.http!, incident } }
    }
    one.observer.accept([again('a'), again('b')])
    one.clock.pass(3_000)
    expect(eventsOf(one).map(({ count }) => count)).toEqual([2])
    expect(one.observer.events.query({ incident: 'b', limit: 1 })).toHaveLength(1)
  })

  test('refused uninspected: by Envoy, which got no answer, or by a classifier without a verdict', () => {
    const one = begin()
    const gone = aJudged({ status: 503, details: 'ext_proc_error_gRPC_error_14{upstream_reset}' })
    const lost = aJudged({ status: 503, details: 'postern_inspection' })
    one.observer.accept([gone, lost])
    one.clock.pass(3_000)
    expect(eventsOf(one)).toMatchObject([
      { kind: 'enforcement', severity: 'high', action: 'denied', count: 2, incident: 'i1' },
    ])
  })
})

test('conversations show the worst', () => {
  const one = begin()
  const inspection = () => one.observer.conversations().map(({ evidence }) => evidence.inspection)
  one.observer.accept([aJudged({})])
  expect(inspection()).toEqual([undefined])
  one.observer.accept([aJudged({ inspected: aVerdict({ action: 'deny' }) }), aJudged({ inspected: aVerdict({}) })])
  expect(inspection()).toEqual(['denied'])
})

test('metrics count by sensor and by what became of it; sensors that are not there are `other`', async () => {
  const one = begin()
  const odd = { ...card, sensor: 'made-up' }
  one.observer.accept([aJudged({ inspected: aVerdict({ action: 'deny', findings: [sqli, odd] }) })])
  one.observer.accept([aJudged({ details: 'postern_inspection', status: 503 })])
  expect(await metric(one, 'postern_inspection_findings_total')).toEqual([
    [{ sensor: 'crs', action: 'denied' }, 1],
    [{ sensor: 'other', action: 'denied' }, 1],
  ])
  expect(await metric(one, 'postern_inspection_refused_total')).toEqual([[{}, 1]])
})
