import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aFlow, anHttp, aRule, aWorkload, aWorld, tcp } from '../../test/support/builders.ts'
import { applications, covers, isHttp, namesServer } from '../policy/applications.ts'
import { decide } from '../policy/decide.ts'
import { directory } from '../policy/directory.ts'
import type { Rule } from '../policy/model.ts'
import { includesPort } from './ports.ts'
import type { Row } from './table.ts'
import { allowedApplications, everyApplication, mayAllow, rowsOf } from './table.ts'

const [web, db] = [aWorkload('web'), aWorkload('db')]
const [from, to] = ['nv.web.yelb', 'nv.db.yelb']

const names = fc.subarray(['http', 'http2', 'grpc', 'tls', 'redis', 'mysql', 'unknown'], { maxLength: 3 })
const someRule = fc.record({
  applications: names,
  ports: fc.constantFrom([], tcp(80), tcp(80, 90), tcp(443)),
  http: fc.constantFrom([], [anHttp()], [anHttp({ methods: ['GET'] })], [anHttp({ paths: ['/a'] }), anHttp()]),
  action: fc.constantFrom<Rule['action'][]>('allow', 'deny'),
})
const rules = fc
  .array(someRule, { maxLength: 6 })
  .map((all) => all.map((rule, i) => aRule(from, to, { ...rule, id: `r${i}` })))
const application = fc.constantFrom(...Object.keys(applications))
const port = fc.constantFrom(80, 85, 443, 9)

/** First match wins, as Envoy will. A row of this view that asks for requests is not certain. */
function firstRow(rows: readonly Row[], seen: string, at: number): Row | undefined {
  return rows.find(
    (row) =>
      (row.applications === undefined || row.applications.includes(seen)) &&
      (row.ports.length === 0 || includesPort(row.ports, at)),
  )
}

const linesOf = (all: readonly Rule[]) => all.map((rule) => ({ rule }))

test('a chain that knows only the application is never looser than the verdict, and equal where it sees everything', () => {
  fc.assert(
    fc.property(rules, application, port, (all, seen, at) => {
      const world = directory(aWorld({ workloads: [web, db], rules: all, settings: { mode: 'protect' } }))
      const verdict = decide(aFlow(web, db, { port: at, application: seen }), world)
      const row = firstRow(rowsOf(linesOf(all), 'tcp'), seen, at)
      const allowed = row?.action === 'allow'
      if (allowed) expect(verdict.policy).not.toBe('deny')
      const blind = all.some((rule) => rule.http.length > 0) || ['http2', 'grpc'].includes(seen)
      if (!blind) expect([allowed, row?.rule ?? 'default']).toEqual([verdict.policy === 'allow', verdict.rule])
    }),
    { numRuns: 1_000 },
  )
})

test('who could never be allowed anything at connect is who has no application that may be', () => {
  fc.assert(
    fc.property(rules, port, (all, at) => {
      const world = directory(aWorld({ workloads: [web, db], rules: all, settings: { mode: 'protect' } }))
      const views = (['tcp', 'http'] as const).map((view) => [view, rowsOf(linesOf(all), view)] as const)
      const hopeless = views.every(([view, rows]) => allowedApplications(rows, view, at).length === 0)
      const verdict = decide(aFlow(web, db, { port: at }), world)
      if (hopeless) expect(verdict.policy).toBe('deny')
      if (verdict.policy === 'deny') expect(hopeless).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})

test('unseen conditions: an allow is not there, a deny is for everything it might mean', () => {
  const get = anHttp({ methods: ['GET'] })
  const rows = rowsOf(
    linesOf([
      aRule(from, to, { id: 'allow-get', http: [get] }),
      aRule(from, to, { id: 'deny-get', http: [get], action: 'deny' }),
      aRule(from, to, { id: 'deny-grpc', applications: ['grpc'], action: 'deny' }),
      aRule(from, to, { id: 'rest' }),
      aRule(from, to, { id: 'never' }),
    ]),
    'tcp',
  )
  expect(rows.map((row) => [row.rule, row.applications])).toEqual([
    ['deny-get', everyApplication.filter(isHttp)],
    ['deny-grpc', ['grpc', 'http2', ...everyApplication.filter((name) => name !== 'grpc' && covers('grpc', name))]],
    ['rest', undefined],
  ])
  expect(everyApplication.filter((name) => !mayAllow(rows, name, 80))).toEqual(everyApplication.filter(isHttp))
})

test('a name can be asked for by TLS and HTTP only: elsewhere a deny of it is not there for other traffic', () => {
  const line = { rule: aRule(from, 'partner', { id: 'p', action: 'deny' }), names: ['api.partner.example'] }
  expect(rowsOf([line], 'tcp')[0]?.applications).toEqual(everyApplication.filter(namesServer))
  expect(rowsOf([line], 'tls')[0]).toMatchObject({ applications: undefined, names: ['api.partner.example'] })
  expect(rowsOf([line], 'http')[0]).toMatchObject({ applications: undefined, names: ['api.partner.example'] })
  expect(rowsOf([{ ...line, rule: { ...line.rule, action: 'allow' } }], 'tcp')).toEqual([])
})
