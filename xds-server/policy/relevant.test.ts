import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aGroup, anHttp, aRule, aWorkload, aWorld, tcp, udp } from '../../test/support/builders.ts'
import { applications } from './applications.ts'
import { decide } from './decide.ts'
import { directory } from './directory.ts'
import type { Rule } from './model.ts'
import type { Conversations } from './relevant.ts'
import { couldAllow, possibleEndings, relevantRules } from './relevant.ts'
import { connection, world } from './testdata/worlds.ts'

const ui = aWorkload('ui')
const withRules = (rules: readonly Rule[]) => directory(aWorld({ workloads: [ui], rules }))
const from = ['nv.ui.yelb', 'containers', 'any']
const to = ['nv.db.yelb', 'containers', 'any']
const ask = (port: number | undefined, over: Partial<Conversations> = {}): Conversations => ({
  from,
  to,
  port,
  ...over,
})

describe('the rules that can still match', () => {
  const d = withRules([
    aRule('nv.ui.yelb', 'any', { id: 'ssh', ports: tcp(22), action: 'deny' }),
    aRule('nv.ui.yelb', 'nv.db.yelb', { id: 'off', disabled: true }),
    aRule('external', 'any', { id: 'others' }),
    aRule('containers', 'nv.db.yelb', { id: 'sql', applications: ['postgresql'] }),
    aRule('any', 'any', { id: 'dns', ports: udp(53) }),
    aRule('any', 'any', { id: 'web', ports: tcp(80) }),
    aRule('any', 'any', { id: 'last' }),
    aRule('any', 'any', { id: 'never' }),
  ])
  const ids = (asked: Conversations) => relevantRules(d, asked).map((r) => r.id)

  test('in order, up to the first that always does', () => {
    expect(ids(ask(22))).toEqual(['ssh'])
    expect(ids(ask(80))).toEqual(['sql', 'web'])
    expect(ids(ask(53, { protocol: 'udp' }))).toEqual(['sql', 'dns'])
    expect(ids(ask(undefined))).toEqual(['ssh', 'sql', 'web', 'last'])
  })
})

describe('could anything be allowed', () => {
  const allowed = (rules: readonly Rule[], asked = ask(80)) => couldAllow(withRules(rules), asked)
  const any = (over: Partial<Rule>) => aRule('any', 'any', { id: JSON.stringify(over), ...over })

  test('not without a rule, not behind a deny that takes everything', () => {
    expect(allowed([])).toBe(false)
    expect(allowed([any({})])).toBe(true)
    expect(allowed([any({ action: 'deny' }), any({})])).toBe(false)
    expect(allowed([any({ action: 'deny', applications: ['ssh'] }), any({})])).toBe(true)
    expect(allowed([any({ action: 'deny', applications: ['http'] }), any({ applications: ['grpc'] })])).toBe(false)
    expect(
      allowed([any({ action: 'deny', http: [anHttp({ methods: ['GET'] })] }), any({ applications: ['http'] })]),
    ).toBe(true)
    expect(allowed([any({ ports: tcp(81) })])).toBe(false)
  })

  test('an unknown port may be any that a rule names', () => {
    expect(allowed([any({ ports: tcp(81) })], ask(undefined))).toBe(true)
    expect(allowed([any({ ports: tcp(22), action: 'deny' }), any({})], ask(undefined))).toBe(true)
    expect(allowed([any({ ports: udp(53) })], ask(undefined))).toBe(false)
  })

  test('a host name only where the application can say one', () => {
    const d = directory(
      aWorld({
        groups: [aGroup('site', { addresses: ['a.example'] })],
        rules: [aRule('any', 'site', { applications: ['redis'] })],
      }),
    )
    expect(couldAllow(d, ask(443, { named: ['site'] }))).toBe(false)
    const web = directory(aWorld({ rules: [aRule('any', 'site')] }))
    expect([...possibleEndings(web, ask(443, { named: ['site'] }))].sort()).toEqual(['allow', 'deny'])
  })
})

test('it is what decide() says at connect, and of every application', () => {
  fc.assert(
    fc.property(world, connection, (anyWorld, flow) => {
      const d = directory(anyWorld)
      const destination = d.endpoint(flow.destination)
      const asked: Conversations = {
        from: d.endpoint(flow.source).groups,
        to: destination.groups,
        named: d.namedGroups(flow.destination),
        port: flow.port,
        protocol: flow.protocol,
      }
      const endings = [...possibleEndings(d, asked)]
      const { policy } = decide(flow, d)
      expect(policy).toBe(endings.length === 1 ? endings[0] : 'undecided')
      const later = Object.keys(applications).map((application) => decide({ ...flow, application }, d).policy)
      if (!couldAllow(d, asked)) expect(new Set(later)).toEqual(new Set(['deny']))
      const open = [...possibleEndings(d, { ...asked, port: undefined })]
      expect(endings.filter((e) => !open.includes(e))).toEqual([])
    }),
    { numRuns: 500 },
  )
})
