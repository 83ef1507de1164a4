import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aFlow, aGroup, anHttp, aRule, aWorkload, aWorld, tcp, udp } from '../../test/support/builders.ts'
import { applications, isHttp } from './applications.ts'
import { decide, explain, maxMisses } from './decide.ts'
import { directory } from './directory.ts'
import type { Flow, HttpRequest, Mode, Rule, Verdict } from './model.ts'
import { firstRule } from './testdata/naive.ts'
import { connection, request, world } from './testdata/worlds.ts'

const ui = aWorkload('ui', { ips: ['10.42.0.1'] })
const app = aWorkload('app', { ips: ['10.42.0.2'] })
const db = aWorkload('db', { ips: ['10.42.0.3'] })
const legacy = aWorkload('legacy', { ips: ['10.42.0.4'], managed: false })
const workloads = [ui, app, db, legacy]

const aRequest = (over: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  path: '/',
  host: 'app',
  headers: {},
  ...over,
})

/** The verdict of a few rules, everything in Protect. */
function judged(rules: readonly Rule[], flow: Flow, mode: Mode = 'protect'): Verdict {
  return decide(flow, directory(aWorld({ workloads, rules, settings: { mode } })))
}
const said = ({ policy, rule }: Verdict): string => `${policy} by ${rule}`

describe('first match wins', () => {
  test('the whole verdict of a flow that the second rule allows', () => {
    const rules = [
      aRule('nv.ui.yelb', 'nv.app.yelb', { id: 'ssh', ports: tcp(22), action: 'deny' }),
      aRule('containers', 'nv.app.yelb', { id: 'off', disabled: true }),
      aRule('nv.app.yelb', 'nv.db.yelb', { id: 'elsewhere' }),
      aRule('any', 'nv.app.yelb', { id: 'web', ports: tcp(4000, 5000), applications: ['http'] }),
    ]
    const verdict = judged(rules, aFlow(ui, app, { port: 4567, application: 'http' }))
    expect(verdict).toEqual({
      policy: 'allow',
      enforced: 'allow',
      rule: 'web',
      mode: { mode: 'protect', reason: "settings.mode of the whole cluster; the destination's mode counts" },
      decidedBy: 'destination',
      consequence: 'none',
      trace: {
        source: { kind: 'workload', ip: '10.42.0.1', workload: ui, groups: ['nv.ui.yelb', 'containers', 'any'] },
        destination: { kind: 'workload', ip: '10.42.0.2', workload: app, groups: ['nv.app.yelb', 'containers', 'any'] },
        misses: [
          { rule: 'ssh', field: 'ports' },
          { rule: 'off', field: 'disabled' },
        ],
      },
    })
    const all = explain(
      aFlow(ui, app, { port: 4567, application: 'http' }),
      directory(aWorld({ workloads, rules, settings: { mode: 'protect' } })),
    )
    expect(all.trace.misses[2]).toEqual({ rule: 'elsewhere', field: 'from' })
  })

  test('a trace lists so many misses and counts the rest', () => {
    const rules = Array.from({ length: maxMisses + 7 }, (_, i) =>
      aRule('any', 'any', { id: `r${i}`, ports: tcp(1000 + i) }),
    )
    const { trace } = judged(rules, aFlow(ui, app))
    expect([trace.misses.length, trace.moreMisses]).toEqual([maxMisses, 7])
  })

  test('which field did not fit', () => {
    const fields = (rule: Partial<Rule>, flow: Partial<Flow>) =>
      judged([aRule('any', 'any', { id: 'r', ...rule })], aFlow(ui, app, flow)).trace.misses
    expect(fields({ applications: ['redis'] }, { application: 'http' })).toEqual([{ rule: 'r', field: 'applications' }])
    expect(fields({ http: [anHttp({ methods: ['GET'] })] }, { application: 'redis' })).toEqual([
      { rule: 'r', field: 'http' },
    ])
    expect(fields({ http: [anHttp({ methods: ['PUT'] })] }, { application: 'http', http: aRequest() })).toEqual([
      { rule: 'r', field: 'http' },
    ])
    expect(fields({ ports: udp(80) }, {})).toEqual([{ rule: 'r', field: 'ports' }])
  })
})

describe('what becomes of a deny', () => {
  const deny = [aRule('any', 'nv.db.yelb', { id: 'no', action: 'deny' })]
  test.each<readonly [Mode, readonly Rule[], string, string]>([
    ['discover', [], 'allow', 'learn'],
    ['monitor', [], 'allow', 'violation'],
    ['protect', [], 'deny', 'violation'],
    ['discover', deny, 'allow', 'violation'],
    ['monitor', deny, 'allow', 'violation'],
    ['protect', deny, 'deny', 'violation'],
  ])('in %s with rules %j: %s, %s', (mode, rules, enforced, consequence) => {
    expect(judged(rules, aFlow(ui, db, { application: 'redis' }), mode)).toMatchObject({
      policy: 'deny',
      enforced,
      consequence,
    })
  })

  test('who decides: the destination’s sidecar, else the source’s, else nobody', () => {
    const by = (from: typeof ui, to: typeof ui | string) => {
      const { decidedBy, enforced, consequence } = judged([], aFlow(from, to))
      return [decidedBy, enforced, consequence]
    }
    expect(by(ui, db)).toEqual(['destination', 'deny', 'violation'])
    expect(by(legacy, db)).toEqual(['destination', 'deny', 'violation'])
    expect(by(ui, legacy)).toEqual(['source', 'deny', 'violation'])
    expect(by(ui, '203.0.113.1')).toEqual(['source', 'deny', 'violation'])
    expect(by(legacy, '203.0.113.1')).toEqual(['none', 'allow', 'none'])
  })
})

describe('at connect', () => {
  const postgres = aRule('any', 'nv.db.yelb', { id: 'postgres', applications: ['postgresql'] })

  test('a rule that waits for the application is never skipped', () => {
    const rules = [postgres, aRule('any', 'any', { id: 'never', action: 'deny' })]
    expect(said(judged(rules, aFlow(ui, db)))).toBe('undecided by postgres')
    expect(judged(rules, aFlow(ui, db)).consequence).toBe('none')
    expect(said(judged(rules, aFlow(ui, db, { application: 'postgresql' })))).toBe('allow by postgres')
    expect(said(judged(rules, aFlow(ui, db, { application: 'redis' })))).toBe('deny by never')
  })

  test('undecided passes in Monitor whatever it turns out to be, and waits in Protect', () => {
    expect(judged([postgres], aFlow(ui, db), 'monitor').enforced).toBe('allow')
    expect(judged([postgres], aFlow(ui, db)).enforced).toBe('undecided')
  })

  test('a single possible ending is a verdict: a deny by the first rule that may be meant, else by what an unnamed application meets', () => {
    const any = aRule('any', 'any', { id: 'all' })
    expect(said(judged([postgres, any], aFlow(ui, db)))).toBe('allow by all')
    expect(said(judged([{ ...postgres, action: 'deny' }], aFlow(ui, db)))).toBe('deny by postgres')
    expect(said(judged([aRule('any', 'any', { http: [anHttp({ methods: ['GET'] })] }), any], aFlow(ui, db)))).toBe(
      'allow by all',
    )
  })

  test('in Discover a connection that may yet come to the default breaks no rule', () => {
    const noSql = { ...postgres, action: 'deny' } as const
    const told = (over: Partial<Flow>) => judged([noSql], aFlow(ui, db, over), 'discover').consequence
    expect([told({}), told({ application: 'redis' }), told({ application: 'postgresql' })]).toEqual([
      'learn',
      'learn',
      'violation',
    ])
  })

  test('HTTP waits for the request', () => {
    const rules = [
      aRule('any', 'any', { id: 'reads', http: [anHttp({ methods: ['GET'] })] }),
      aRule('any', 'any', { id: 'rest', applications: ['redis'] }),
    ]
    expect(said(judged(rules, aFlow(ui, db, { application: 'http' })))).toBe('undecided by reads')
    expect(said(judged(rules, aFlow(ui, db, { application: 'http', http: aRequest() })))).toBe('allow by reads')
    expect(said(judged(rules, aFlow(ui, db, { http: aRequest({ method: 'POST' }) })))).toBe('deny by default')
    expect(said(judged(rules, aFlow(ui, db, { application: 'redis' })))).toBe('allow by rest')
  })

  test('gRPC shows in the request only', () => {
    const rules = [aRule('any', 'any', { id: 'rpc', applications: ['grpc'] })]
    expect(said(judged(rules, aFlow(ui, db, { application: 'http2' })))).toBe('undecided by rpc')
    expect(said(judged(rules, aFlow(ui, db, { application: 'http2', http: aRequest({ grpc: 'a.B/C' }) })))).toBe(
      'allow by rpc',
    )
    expect(said(judged(rules, aFlow(ui, db, { application: 'http2', http: aRequest() })))).toBe('deny by default')
  })
})

describe('a path that programs read in different ways', () => {
  const noAdmin = aRule('any', 'any', { id: 'no-admin', http: [anHttp({ paths: ['/admin/*'] })], action: 'deny' })
  const all = aRule('any', 'any', { id: 'all' })
  const asked = (path: string, rules: readonly Rule[]) =>
    said(judged(rules, aFlow(ui, app, { application: 'http', http: aRequest({ path }) })))

  test('is denied where a rule looks at paths, and only there', () => {
    expect(asked('/a%2fb', [noAdmin, all])).toBe('deny by default')
    expect(asked('/x/..;y/admin', [noAdmin, all])).toBe('deny by default')
    expect(asked('/a', [noAdmin, all])).toBe('allow by all')
    expect(asked('/a%2fb', [all, noAdmin])).toBe('allow by all')
    expect(said(judged([{ ...noAdmin, action: 'allow' }, all], aFlow(ui, app)))).toBe('undecided by no-admin')
  })

  test('parameters hide nothing', () => {
    expect(asked('/admin;x=1/users', [noAdmin, all])).toBe('deny by no-admin')
  })
})

describe('host names', () => {
  const names = aGroup('updates', { addresses: ['*.example.com'] })
  const resolved = { 'pkg.example.com': ['203.0.113.5'], 'www.example.com': ['203.0.113.6'] }
  const rules = [aRule('nv.ui.yelb', 'updates', { id: 'updates' })]
  const asked = (over: Partial<Flow>, to = '203.0.113.5') => {
    const world = aWorld({ workloads, groups: [names], resolved, rules, settings: { mode: 'protect' } })
    return decide(aFlow(ui, to, { port: 443, ...over }), directory(world))
  }

  test('count with an address that this very name resolved to, and not before the name is known', () => {
    expect(said(asked({}))).toBe('undecided by updates')
    expect(said(asked({ application: 'tls', serverName: 'pkg.example.com' }))).toBe('allow by updates')
    expect(said(asked({ application: 'http', http: aRequest({ host: 'PKG.example.com.:443' }) }))).toBe(
      'allow by updates',
    )
    expect(said(asked({ application: 'tls', serverName: 'www.example.com' }))).toBe('deny by default')
    expect(said(asked({ application: 'tls', serverName: 'pkg.example.com' }, '203.0.113.9'))).toBe('deny by default')
    expect(said(asked({}, '203.0.113.9'))).toBe('deny by default')
  })

  test('a connection that can not name a server, or did not, is not meant', () => {
    expect(said(asked({ application: 'redis' }))).toBe('deny by default')
    expect(said(asked({ application: 'tls' }))).toBe('deny by default')
    expect(said(asked({ application: 'http' }))).toBe('undecided by updates')
  })

  test('a rule about paths behind one about names guards against ambiguous paths, whichever name is asked for', () => {
    const reads = aRule('any', 'any', { id: 'reads', http: [anHttp({ paths: ['/a'] })] })
    const world = aWorld({
      workloads,
      groups: [names],
      resolved,
      rules: [...rules, reads],
      settings: { mode: 'protect' },
    })
    const asks = (path: string) =>
      said(
        decide(
          aFlow(ui, '203.0.113.5', { application: 'http', http: aRequest({ host: 'pkg.example.com', path }) }),
          directory(world),
        ),
      )
    expect([asks('/x'), asks('/x%2fy')]).toEqual(['allow by updates', 'deny by default'])
  })

  test('the group is the name of the destination', () => {
    const { destination } = asked({ application: 'tls', serverName: 'pkg.example.com' }).trace
    expect(destination.groups).toEqual(['updates', 'external', 'any'])
  })
})

/** Everything a connection can turn out to be: each application, HTTP with a request and its host. */
function turnsOut(flow: Flow, requests: readonly HttpRequest[]): readonly Flow[] {
  const names = ['www.example.com', 'api.example.org', 'other.example']
  return Object.keys(applications).flatMap((application): readonly Flow[] => {
    if (isHttp(application)) {
      const fitting = requests.filter((r) => (application === 'grpc') === (r.grpc !== undefined))
      return fitting.map((http) => ({ ...flow, application, http }))
    }
    const named = application === 'tls' ? names.map((serverName) => ({ ...flow, application, serverName })) : []
    return [{ ...flow, application }, ...named]
  })
}

const requests = fc.array(request, { minLength: 3, maxLength: 8 })

describe('against the naive reference', () => {
  test('what is known is decided by the first rule that fits', () => {
    fc.assert(
      fc.property(world, connection, requests, (anyWorld, flow, seen) => {
        const ready = directory(anyWorld)
        for (const known of turnsOut(flow, seen)) {
          const expected = firstRule(known, anyWorld)
          const { policy, rule } = decide(known, ready)
          expect({ known, policy, rule }).toEqual({
            known,
            policy: expected?.action ?? 'deny',
            rule: expected?.id ?? 'default',
          })
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a verdict at connect holds whatever the connection turns out to be', () => {
    fc.assert(
      fc.property(world, connection, requests, (anyWorld, flow, seen) => {
        const { policy } = decide(flow, directory(anyWorld))
        fc.pre(policy !== 'undecided')
        for (const known of turnsOut(flow, seen)) {
          expect({ known, action: firstRule(known, anyWorld)?.action ?? 'deny' }).toEqual({ known, action: policy })
        }
      }),
      { numRuns: 500 },
    )
  })

  test('undecided is said only where it can end both ways, as long as requests and names play no part', () => {
    fc.assert(
      fc.property(world, connection, (anyWorld, flow) => {
        const {
          policy: { rules, ...policy },
          inventory,
        } = anyWorld
        const plain = {
          inventory,
          policy: { ...policy, rules: rules.filter((r) => r.http.length === 0 && r.to !== 'names') },
        }
        const endings = turnsOut(flow, [
          { method: 'GET', path: '/', host: 'h', headers: {} },
          { method: 'GET', path: '/', host: 'h', headers: {}, grpc: 'a.B/C' },
        ]).map((known) => firstRule(known, plain)?.action ?? 'deny')
        const same = new Set(endings).size === 1
        expect(decide(flow, directory(plain)).policy).toBe(same ? endings[0] : 'undecided')
      }),
      { numRuns: 500 },
    )
  })

  test('the same question has the same answer, and rules of others do not matter to it', () => {
    fc.assert(
      fc.property(world, connection, (anyWorld, flow) => {
        const ready = directory(anyWorld)
        const verdict = decide(flow, ready)
        expect(decide(flow, ready)).toEqual(verdict)
        expect(decide(flow, directory(structuredClone(anyWorld)))).toEqual(verdict)
        const strange = aRule('nv.nobody.here', 'any', { action: 'deny' })
        const { inventory, policy } = anyWorld
        expect(
          decide(flow, directory({ inventory, policy: { ...policy, rules: [strange, ...policy.rules] } })),
        ).toEqual(verdict)
      }),
    )
  })
})
