import { beforeEach, describe, expect, test } from 'vitest'
import { aRule, aWorkload, tcp } from '../../test/support/builders.ts'
import type { ProxyStatus } from './backend.ts'
import { planeForEachTest } from './testdata/each-test.ts'
import { aConversation, anEvent, someMoment, yelb } from './testdata/harness.ts'

const [ui, app, db] = ['nv.ui.yelb', 'nv.appserver.yelb', 'nv.db.yelb']

const api = planeForEachTest()
const { call, restart } = api

const get = async (path: string) => {
  const { status, body } = await call('GET', path)
  return { status, body }
}

const conversations = [
  aConversation(ui, app, { port: 4567, connections: 5, requests: 9, bytesSent: 10, lastSeen: someMoment - 9_000 }),
  aConversation(app, db, { port: 5432, application: 'postgresql', connections: 7 }),
  aConversation(ui, app, { port: 22, application: 'ssh', verdict: 'deny', rule: 'no-ssh', connections: 2 }),
  aConversation('nv.legacy.default', 'dns', { port: 53, protocol: 'udp', application: 'dns', verdict: 'violation' }),
]

describe('conversations', () => {
  beforeEach(() => restart({ conversations: () => conversations }))

  test('busiest first, cut at the limit, with the total', async () => {
    const { body } = await get('/conversations?limit=2&offset=1')
    expect(body).toEqual({ total: 4, conversations: [conversations[0], conversations[2]] })
  })

  test.each([
    ['source=nv.ui.yelb', [0, 2]],
    ['destination=dns', [3]],
    ['group=nv.appserver.yelb', [1, 0, 2]],
    ['application=ssh', [2]],
    ['port=5432', [1]],
    ['verdict=violation', [3]],
    ['rule=no-ssh', [2]],
    [`since=${someMoment - 6_000}`, [1, 2, 3]],
    ['source=nv.ui.yelb&verdict=allow', [0]],
    ['source=nowhere', []],
  ])('%s', async (query, expected) => {
    const found = (await get(`/conversations?${query}`)).body.conversations
    expect(found).toEqual(expected.map((i) => conversations[i]))
  })

  test('the graph has a node for each group that spoke and an edge for each pair', async () => {
    const { body } = await get('/graph?group=nv.appserver.yelb')
    expect(body).toEqual({
      nodes: [app, db, ui].map((name) => ({ name, kind: 'learned', mode: 'discover', members: 1 })),
      edges: [
        {
          source: app,
          destination: db,
          verdicts: { allow: 7, violation: 0, deny: 0 },
          entries: ['postgresql/5432'],
          connections: 7,
          requests: 0,
          bytesReceived: 0,
          bytesSent: 0,
          lastSeen: someMoment - 5_000,
        },
        {
          source: ui,
          destination: app,
          verdicts: { allow: 5, violation: 0, deny: 2 },
          entries: ['http/4567', 'ssh/22'],
          connections: 7,
          requests: 9,
          bytesReceived: 0,
          bytesSent: 10,
          lastSeen: someMoment - 5_000,
        },
      ],
    })
    expect((await get('/graph?source=nv.legacy.default')).body.edges[0].entries).toEqual(['dns/udp/53'])
  })
})

test('events, and the one an incident id stands for', async () => {
  const seen = anEvent(7, {
    incident: 'a1b2',
    http: { method: 'POST', path: '/api/vote', host: 'ui' },
    action: 'denied',
  })
  await restart({ events: [seen, anEvent(6, { kind: 'audit' })] })
  const { trace: _, ...told } = JSON.parse(JSON.stringify(seen))
  expect((await get('/events?kind=violation')).body).toEqual({ events: [told] })
  expect((await get('/incidents/a1b2')).body).toEqual({ event: told })
  expect(await get('/incidents/ffff')).toMatchObject({ status: 404, body: { detail: 'There is no incident ffff.' } })
})

describe('why', () => {
  const rules = [
    aRule(ui, app, {
      id: 'no-post',
      http: [{ methods: ['POST'], paths: ['/api/*'], hosts: [], headers: [], grpc: [] }],
      action: 'deny',
    }),
    aRule(ui, app, { id: 'ui-app', applications: ['http'], ports: tcp(4567) }),
  ]
  const protect = {
    mode: 'protect',
    modeResolution: 'destination',
    newGroupMode: 'discover',
    pins: 'verify',
    revealRule: false,
    autoPromote: { toMonitor: null, toProtect: null },
  } as const
  beforeEach(() => restart({ policy: { rules, settings: protect } }))

  const told = async (query: string) => {
    const { source, destination, verdict } = (await get(`/why?${query}`)).body
    return { source: source.meaning, destination: destination.meaning, verdict: [verdict.enforced, verdict.rule] }
  }

  test('the decision with its trace', async () => {
    const { body } = await get('/why?source=ui&destination=nv.appserver.yelb&port=4567&method=POST&path=/api/vote')
    const [uiPod, appPod] = [yelb.workloads[0], yelb.workloads[1]]
    expect(body).toEqual({
      source: { text: 'ui', ip: '10.42.0.10', meaning: 'pod yelb/ui' },
      destination: { text: app, ip: '10.42.0.11', meaning: 'the only member, appserver' },
      verdict: {
        policy: 'deny',
        enforced: 'deny',
        rule: 'no-post',
        mode: { mode: 'protect', reason: "settings.mode of the whole cluster; the destination's mode counts" },
        decidedBy: 'destination',
        consequence: 'violation',
        trace: {
          source: { kind: 'workload', ip: '10.42.0.10', workload: uiPod, groups: [ui, 'containers', 'any'] },
          destination: { kind: 'workload', ip: '10.42.0.11', workload: appPod, groups: [app, 'containers', 'any'] },
          misses: [],
        },
      },
    })
  })

  test('a GET of the same peer; another spelling of the path; another application', async () => {
    const ends = 'source=ui&destination=appserver&port=4567'
    expect((await told(`${ends}&method=GET&path=/api/vote`)).verdict).toEqual(['allow', 'ui-app'])
    expect((await told(`${ends}&method=POST&path=//x/%252e%252e/api/vote`)).verdict).toEqual(['deny', 'no-post'])
    expect((await told(`${ends}&application=ssh`)).verdict).toEqual(['deny', 'default'])
    expect((await told(ends)).verdict).toEqual(['undecided', 'no-post'])
  })

  test('ends by pod, full name, group and address', async () => {
    expect(await told('source=default/ubuntu-1&destination=yelb/db&port=22')).toEqual({
      source: 'pod default/ubuntu-1',
      destination: 'pod yelb/db',
      verdict: ['deny', 'default'],
    })
    expect(await told('source=nv.ubuntu.default&destination=203.0.113.9&port=443')).toEqual({
      source: 'ubuntu-1, first of 2 members',
      destination: 'an address',
      verdict: ['deny', 'default'],
    })
    expect((await get('/why?source=external&destination=ui&port=80')).body.source).toEqual({
      text: 'external',
      ip: '203.0.113.1',
      meaning: 'an address of external',
    })
    expect((await get('/why?source=nodes&destination=ui&port=80')).body.source.ip).toBe('10.0.0.1')
  })

  test('a pod’s name alone is not enough where two namespaces have one', async () => {
    const twin = (id: string, namespace: string, ip: string) => aWorkload('web', { id, namespace, ips: [ip] })
    const more = [
      twin('w-1', 'yelb', '10.42.0.50'),
      twin('w-2', 'default', '10.42.0.51'),
      aWorkload('gone', { ips: [] }),
    ]
    await restart({ inventory: { ...yelb, workloads: [...yelb.workloads, ...more] } })
    expect((await get('/why?source=web&destination=gone&port=80')).body.problems).toEqual([
      { path: 'query.source', message: 'several pods are called web: yelb/web, default/web' },
      { path: 'query.destination', message: 'yelb/gone has no address now' },
    ])
    expect((await get('/why?source=w-1&destination=default/web&port=80')).body.destination.ip).toBe('10.42.0.51')
  })

  test('ends that are not clear', async () => {
    const { status, body } = await get('/why?source=nobody&destination=unknown.example&port=80')
    expect({ status, problems: body.problems }).toEqual({
      status: 422,
      problems: [
        { path: 'query.source', message: 'no pod, group with an address, or address is called nobody' },
        { path: 'query.destination', message: 'no pod, group with an address, or address is called unknown.example' },
      ],
    })
    expect((await get('/why?source=ui&destination=db&port=5432&application=redis&method=GET')).body.problems).toEqual([
      { path: 'query.application', message: 'redis has no method, path or headers' },
    ])
    expect((await get('/why?source=ui&destination=db&port=80&path=/a%252fb')).body.problems).toEqual([
      { path: 'query.path', message: 'every sidecar refuses /a%2fb with 400, whatever the rules say' },
    ])
  })
})

describe('sidecars', () => {
  const aProxy = (workload: string, over: Partial<ProxyStatus> = {}): ProxyStatus => ({
    workload,
    class: `nv.${workload}`,
    connected: true,
    version: '1.40.0',
    since: someMoment,
    pending: 0,
    lagMs: 0,
    rejected: [],
    ...over,
  })
  const managed = yelb.workloads.filter((w) => w.managed).map((w) => w.id)

  test('all of them', async () => {
    await restart({ proxies: () => managed.map((id) => aProxy(id)) })
    expect((await get('/proxies?offset=4')).body).toEqual({ total: 5, proxies: [aProxy('ubuntu-2')] })
  })

  test('all well but a workload without a sidecar', async () => {
    await restart({ proxies: () => managed.map((id) => aProxy(id)) })
    const { body } = await get('/status')
    expect(body.ok).toBe(true)
    expect(body.checks.map((c: { id: string; level: string }) => [c.id, c.level])).toEqual([
      ['parts-healthy', 'ok'],
      ['sidecars-connected', 'ok'],
      ['sidecars-current', 'ok'],
      ['configuration-accepted', 'ok'],
      ['policy-compiled', 'ok'],
      ['workloads-managed', 'warning'],
    ])
  })

  test('each thing that is wrong is said', async () => {
    const refused = { resource: 'rbac/in', rules: ['web'], message: 'bad regex', at: someMoment }
    await restart({
      health: () => [{ name: 'store', ok: false, detail: 'disk full' }],
      proxies: () => [
        aProxy('ui', { lagMs: 20_000, pending: 3 }),
        aProxy('db', { rejected: [refused] }),
        aProxy('appserver', { connected: false }),
      ],
      compileStatus: () => [{ class: 'nv.db', message: '20,001 addresses' }],
    })
    const { body } = await get('/status')
    expect(body.ok).toBe(false)
    expect(body.checks.map((c: { level: string; details: string[] }) => [c.level, ...c.details])).toEqual([
      ['error', 'store: disk full'],
      [
        'error',
        'yelb/appserver runs on its last configuration, or on none: then it denies',
        'default/ubuntu-1 runs on its last configuration, or on none: then it denies',
        'default/ubuntu-2 runs on its last configuration, or on none: then it denies',
      ],
      ['error', 'ui: 3 resources wait since 20 s'],
      ['error', 'db refused rbac/in (rules web): bad regex'],
      ['error', 'nv.db: 20,001 addresses'],
      ['warning', 'default/legacy has none: only the other end’s sidecar decides about it'],
    ])
  })
})
