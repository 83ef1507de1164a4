import pino from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { aGroup, anHttp, aRule, aWorkload, aWorld, tcp, type WorldParts } from '../../test/support/builders.ts'
import { directory } from '../policy/directory.ts'
import type { Mode } from '../policy/model.ts'
import { Judge, maxRemembered, settleMilliseconds } from './judgement.ts'
import { createMetrics } from './metrics.ts'
import type { AccessRecord } from './model.ts'
import { aRecord, aRequest, aStart, epoch } from './testdata/records.ts'

const app = aWorkload('app', { ips: ['10.42.0.11'] })
const db = aWorkload('db', { ips: ['10.42.0.13'] })
const appToDb = aRule('nv.app.yelb', 'nv.db.yelb', { id: 'app-db', applications: ['postgresql'], ports: tcp(5432) })

function aJudge(mode: Mode, parts: WorldParts = {}) {
  const world = aWorld({
    workloads: [app, db],
    groups: [aGroup('nv.db.yelb', { mode }), ...(parts.groups ?? [])],
    rules: parts.rules ?? [appToDb],
  })
  const metrics = createMetrics(new Registry())
  const state = { directory: directory(world) }
  const clock = { now: epoch - settleMilliseconds }
  const judge = new Judge({
    directory: () => state.directory,
    past: { mode: () => undefined, changedSince: () => false },
    metrics,
    log: pino({ level: 'silent' }),
    now: () => clock.now,
  })
  const of = (record: AccessRecord) => {
    const judged = judge.judge(record)
    return judged === 'probe' ? 'probe' : [judged.verdict, judged.rule]
  }
  const change = (rules: WorldParts['rules']) => {
    state.directory = directory({ ...world, policy: { ...world.policy, rules: rules! } })
  }
  const skew = async () => (await metrics.skew.get()).values[0]?.value
  return { judge, of, change, skew, clock }
}

const between = (more: Partial<AccessRecord> = {}) =>
  aRecord({ source: { ip: '10.42.0.11', port: 40_000 }, destination: { ip: '10.42.0.13', port: 5432 }, ...more })
const nothing = { shadow: undefined, enforced: undefined }
const denied = { rule: 'default', denied: true }

describe('what Envoy logged is what happened', () => {
  test.each([
    ['protect', { shadow: { rule: 'app-db', denied: false } }, ['allow', 'app-db']],
    ['protect', { shadow: denied, enforced: denied }, ['deny', 'default']],
    ['protect', { shadow: { rule: 'no', denied: true }, enforced: { rule: 'no', denied: true } }, ['deny', 'no']],
    // The sidecar was not in Protect yet.
    ['protect', { shadow: denied }, ['violation', 'default']],
    ['monitor', { shadow: denied }, ['violation', 'default']],
    ['discover', { shadow: denied }, ['allow', 'default']],
    ['discover', { shadow: { rule: 'no', denied: true } }, ['violation', 'no']],
  ] as const)('in %s %j', (mode, said, expected) => {
    expect(aJudge(mode).of(between(said))).toEqual(expected)
  })
})

describe('where Envoy logged no rule, decide() says', () => {
  const other = { ...nothing, application: 'http' }
  test.each([
    ['protect', { ...nothing }, ['allow', 'app-db']],
    ['protect', other, ['deny', 'default']],
    ['monitor', other, ['violation', 'default']],
    ['discover', other, ['allow', 'default']],
    ['protect', { ...nothing, application: undefined, denyChain: true, bytesReceived: 0 }, ['deny', 'default']],
    ['protect', { ...other, application: 'mysql', greetingRefused: true }, ['deny', 'default']],
  ] as const)('in %s %j', (mode, said, expected) => {
    expect(aJudge(mode).of(between(said))).toEqual(expected)
  })

  test('a deny chain names the rule that denies', () => {
    const rules = [aRule('nv.app.yelb', 'nv.db.yelb', { id: 'never', action: 'deny' })]
    const record = between({ ...nothing, application: undefined, denyChain: true, bytesReceived: 0 })
    expect(aJudge('protect', { rules }).of(record)).toEqual(['deny', 'never'])
  })
})

describe('a connection that sent no byte', () => {
  const silent = { ...nothing, application: undefined, bytesReceived: 0 }
  const logged = { ...silent, shadow: denied, enforced: denied }
  test.each([
    ['is a probe where its application would have decided', 'protect', silent, undefined, 'probe'],
    ['is a probe, too, where Envoy logged the default for it', 'protect', logged, undefined, 'probe'],
    ['is nothing to learn from', 'discover', silent, [], 'probe'],
    ['is allowed where any application is', 'protect', silent, [{ ...appToDb, applications: [] }], ['allow', 'app-db']],
    ['is a violation in Monitor where Protect resets it', 'monitor', silent, [], ['violation', 'default']],
  ] as const)('%s', (_, mode, said, rules, expected) => {
    expect(aJudge(mode, rules && { rules }).of(between(said))).toEqual(expected)
  })

  test('is none while it is open', () => {
    expect(aJudge('protect').of(between({ ...silent, phase: 'start' }))).toEqual(['allow', 'default'])
  })
})

describe('names', () => {
  test('are the learned group of a workload, else the narrowest address group, else what the address is', () => {
    const groups = [aGroup('world', { addresses: ['198.51.0.0/16'] }), aGroup('lb', { addresses: ['198.51.100.1'] })]
    const { judge } = aJudge('protect', { groups, rules: [] })
    const nameOf = (ip: string) => {
      const judged = judge.judge(between({ source: { ip, port: 1 } }))
      return judged === 'probe' ? judged : judged.source.groups[0]
    }
    expect(['10.42.0.11', '198.51.100.1', '198.51.7.7', '203.0.113.1', '10.0.0.1', '10.42.9.9'].map(nameOf)).toEqual([
      'nv.app.yelb',
      'lb',
      'world',
      'external',
      'nodes',
      'unknown',
    ])
  })
})

describe('a sidecar with another policy', () => {
  test('is believed and counted', async () => {
    const { of, skew, change, clock } = aJudge('protect')
    const seen = (at: number) => of(between({ at, shadow: { rule: 'app-db', denied: false } }))
    expect([seen(epoch), await skew()]).toEqual([['allow', 'app-db'], 0])
    clock.now = epoch
    change([])
    // It may still be on its way there.
    expect([seen(epoch + settleMilliseconds - 1), await skew()]).toEqual([['allow', 'app-db'], 0])
    expect([seen(epoch + settleMilliseconds), await skew()]).toEqual([['allow', 'app-db'], 1])
  })

  test('is not one that saw a header which the log does not have', async () => {
    const http = [anHttp({ headers: [{ name: 'x-key', present: true }] })]
    const { of, skew } = aJudge('protect', { rules: [{ ...appToDb, id: 'key', applications: [], ports: [], http }] })
    expect(of({ ...between(), ...aRequest('GET', '/'), ...ends, shadow: { rule: 'key', denied: false } })).toEqual([
      'allow',
      'key',
    ])
    expect(await skew()).toBe(0)
  })

  test('is not one where a request decides by its path, looked at one by one', async () => {
    const http = [anHttp({ methods: ['GET'], paths: ['/a'] })]
    const { of, skew } = aJudge('monitor', { rules: [{ ...appToDb, id: 'get', applications: [], ports: [], http }] })
    const request = (method: string, path: string, rule: string) =>
      of({ ...aRequest(method, path), ...ends, shadow: { rule, denied: rule === 'default' } })
    expect(request('GET', '/a?q=1', 'get')).toEqual(['allow', 'get'])
    expect(request('POST', '/a', 'default')).toEqual(['violation', 'default'])
    expect(request('GET', '/b', 'default')).toEqual(['violation', 'default'])
    expect(await skew()).toBe(0)
  })
})

test('a request without a logged rule is judged by its method and path', () => {
  const http = [anHttp({ methods: ['GET'], paths: ['/a'] })]
  const { of } = aJudge('monitor', { rules: [{ ...appToDb, id: 'get', applications: [], ports: [], http }] })
  const request = (method: string, path: string) => of({ ...aRequest(method, path), ...ends, ...nothing })
  expect([request('GET', '/a?q=1'), request('POST', '/a'), request('GET', '/b')]).toEqual([
    ['allow', 'get'],
    ['violation', 'default'],
    ['violation', 'default'],
  ])
})

test('more decisions than are remembered are right all the same', () => {
  const { of } = aJudge('protect')
  for (let port = 1; port <= maxRemembered + 10; port++) {
    of(between({ ...nothing, destination: { ip: '10.42.0.13', port: 1 + (port % 65_000) } }))
  }
  expect(of(between(nothing))).toEqual(['allow', 'app-db'])
  expect(of(between({ ...nothing, application: 'http' }))).toEqual(['deny', 'default'])
})

const ends = { source: { ip: '10.42.0.11', port: 1 }, destination: { ip: '10.42.0.13', port: 80 } }

test('an open connection that nothing decided yet passes', () => {
  expect(aJudge('protect').of({ ...aStart(), ...ends })).toEqual(['deny', 'default'])
  expect(aJudge('protect').of({ ...aStart(), ...ends, destination: { ip: '10.42.0.13', port: 5432 } })).toEqual([
    'allow',
    'default',
  ])
})
