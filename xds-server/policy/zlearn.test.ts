import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  aFlow,
  aGroup,
  anHttp,
  aRule,
  aWorkload,
  aWorld,
  someTime,
  tcp,
  type WorldParts,
} from '../../test/support/builders.ts'
import { decide } from './decide.ts'
import { directory } from './directory.ts'
import type { Observation } from './learn.ts'
import { groupFor, learn } from './learn.ts'
import type { Flow, Rule, World } from './model.ts'
import { formatPorts } from './ports.ts'
import { connection, world } from './testdata/worlds.ts'

const ui = aWorkload('ui', { ips: ['10.42.0.1'] })
const db = aWorkload('db', { ips: ['10.42.0.2'] })
const later = '2026-02-02T00:00:00.000Z'

function anObservation(over: Partial<Observation> = {}): Observation {
  return {
    source: 'nv.ui.yelb',
    destination: 'nv.db.yelb',
    port: 5432,
    protocol: 'tcp',
    application: 'postgresql',
    count: 1,
    firstSeen: 0,
    lastSeen: 0,
    peers: [],
    requests: {},
    ...over,
  }
}

const worldOf = (parts: WorldParts = {}) => aWorld({ workloads: [ui, db], ...parts })
const learnIn = (parts: WorldParts, ...observations: readonly Observation[]) =>
  learn(observations, { directory: directory(worldOf(parts)), now: later })
const inWords = (rules: readonly Rule[]) =>
  rules.map(
    (r) => `${r.from} → ${r.to} ${r.applications.join()} ${formatPorts(r.ports)}${r.comment && ` (${r.comment})`}`,
  )
const because = (parts: WorldParts, over: Partial<Observation> = {}) =>
  learnIn(parts, anObservation(over)).skipped.map((s) => s.because)

describe('traffic becomes rules', () => {
  test('one for each pair and application, with its ports, behind everything that is there', () => {
    const mine = aRule('nv.ui.yelb', 'external', { id: 'mine' })
    const { rules, changes } = learnIn(
      { rules: [mine] },
      anObservation({ application: 'redis', port: 6380 }),
      anObservation(),
      anObservation({ application: 'redis', port: 6379 }),
    )
    expect(rules).toEqual([
      mine,
      {
        id: 'learned-9gqwtxmti3',
        comment: '',
        from: 'nv.ui.yelb',
        to: 'nv.db.yelb',
        applications: ['postgresql'],
        ports: tcp(5432),
        http: [],
        action: 'allow',
        disabled: false,
        origin: 'learned',
        createdAt: later,
        updatedAt: later,
      },
      expect.objectContaining({ applications: ['redis'], ports: [...tcp(6379), ...tcp(6380)] }),
    ])
    expect(changes.map((c) => c.change)).toEqual(['new', 'new', 'port'])
  })

  test('a new port joins the rule that is there; a known one changes nothing', () => {
    const first = learnIn({}, anObservation()).rules
    const again = learnIn({ rules: first.map((r) => ({ ...r, ports: tcp(1, 3) })) }, anObservation())
    expect(inWords(again.rules)).toEqual(['nv.ui.yelb → nv.db.yelb postgresql 1-3,5432'])
    expect(again.rules[0]!.id).toBe(first[0]!.id)
    const known = learnIn({ rules: first }, anObservation())
    expect([known.rules, known.skipped[0]!.because]).toEqual([first, 'decided'])
  })

  test('more than twenty ports are any, and the rule says so', () => {
    const ports = (n: number) => Array.from({ length: n }, (_, i) => anObservation({ port: 30_000 + 2 * i }))
    expect(learnIn({}, ...ports(20)).rules[0]!.ports).toHaveLength(20)
    const { rules, changes } = learnIn({}, ...ports(23))
    const says = 'nv.ui.yelb → nv.db.yelb postgresql any (more than 20 ports were seen, so it is any port)'
    expect(inWords(rules)).toEqual([says])
    expect(changes.slice(19).map((c) => c.change)).toEqual(['port', 'any', 'known', 'known'])
  })

  test('a rule that was made into something else is not added to', () => {
    const [learned] = learnIn({}, anObservation()).rules
    const denies: Rule = { ...learned!, action: 'deny', ports: tcp(1) }
    const gets: Rule = { ...learned!, http: [anHttp({ methods: ['GET'] })], applications: ['http'], ports: tcp(1) }
    for (const rule of [denies, gets]) {
      const { rules } = learnIn({ rules: [rule] }, anObservation({ application: rule.applications[0]! }))
      expect([rules[0], rules[1]!.ports]).toEqual([rule, tcp(5432)])
    }
  })

  test('what people wrote on a rule stays, even if there is no room for the remark', () => {
    const many = Array.from({ length: 22 }, (_, i) => anObservation({ port: 2 * i + 1 }))
    const [learned] = learnIn({}, anObservation({ port: 1 })).rules
    const comment = (text: string) => learnIn({ rules: [{ ...learned!, comment: text }] }, ...many).rules[0]!.comment
    expect(comment('mine')).toBe('mine; more than 20 ports were seen, so it is any port')
    expect(comment('x'.repeat(990))).toBe('x'.repeat(990))
  })

  test('deleted by hand it is learned again, under the same id', () => {
    const first = learnIn({}, anObservation()).rules
    expect(learnIn({ rules: [] }, anObservation()).rules).toEqual(first)
  })

  test('an id that a person’s rule has is left to it', () => {
    const [learned] = learnIn({}, anObservation()).rules
    const accepted: Rule = { ...learned!, origin: 'user', ports: tcp(1) }
    const { rules } = learnIn({ rules: [accepted] }, anObservation())
    expect(rules.map((r) => r.id)).toEqual([accepted.id, `${accepted.id}-2`])
  })

  test('traffic of no known application is learned as just that: a known protocol does not pass', () => {
    const { rules } = learnIn({}, anObservation({ application: 'unknown', port: 9000 }))
    const d = directory(worldOf({ rules, settings: { mode: 'protect' } }))
    const asked = (application: string) => decide(aFlow(ui, db, { port: 9000, application }), d).policy
    expect([asked('unknown'), asked('ssh')]).toEqual(['allow', 'deny'])
  })
})

describe('what is not learned', () => {
  test('what the proxy does not see, what never spoke, what is nobody’s, what is ignored', () => {
    expect(because({}, { protocol: 'udp' })).toEqual(['udp'])
    expect(because({}, { application: undefined })).toEqual(['silent'])
    expect(because({}, { source: 'unknown' })).toEqual(['nobody'])
    expect(because({}, { destination: 'unknown' })).toEqual(['nobody'])
    const ignored = [{ from: 'nv.ui.yelb', to: 'nv.db.yelb', application: 'postgresql' }]
    expect(because({ ignored })).toEqual(['ignored'])
    expect(because({ ignored }, { application: 'redis' })).toEqual([])
  })

  test('what an enabled rule allows or denies already, by any of the groups that all members are in', () => {
    expect(because({ rules: [aRule('containers', 'any')] })).toEqual(['decided'])
    expect(because({ rules: [aRule('any', 'nv.db.yelb', { action: 'deny' })] })).toEqual(['decided'])
    expect(because({ rules: [aRule('any', 'any', { disabled: true })] })).toEqual([])
    expect(because({ rules: [aRule('any', 'any', { ports: tcp(80) })] })).toEqual([])
    expect(because({ rules: [aRule('any', 'any', { applications: ['redis'] })] })).toEqual([])
  })

  test('a rule about gRPC decides nothing for what else HTTP/2 may carry', () => {
    expect(because({ rules: [aRule('any', 'any', { applications: ['grpc'] })] }, { application: 'http2' })).toEqual([])
  })

  test('a group that only some members are in decides nothing for the others', () => {
    const red = aGroup('red', { criteria: [{ key: 'label.team', op: '=', value: 'red' }] })
    const other = aWorkload('ui-2', { owner: ui.owner, ips: ['10.42.0.9'] })
    const painted = { ...ui, labels: { team: 'red' } }
    const rules = [aRule('red', 'any')]
    expect(because({ workloads: [painted, db], groups: [red], rules })).toEqual(['decided'])
    expect(because({ workloads: [painted, other, db], groups: [red], rules })).toEqual([])
  })

  test('what a rule about some requests leaves open is learned, what it shuts stays shut', () => {
    const posts = [anHttp({ methods: ['POST'] })]
    const web = { application: 'http', port: 80 }
    expect(because({ rules: [aRule('any', 'any', { http: posts, action: 'deny' })] }, web)).toEqual([])
    expect(
      because({ rules: [aRule('any', 'any', { http: posts }), aRule('any', 'any', { action: 'deny' })] }, web),
    ).toEqual(['decided'])
  })

  test('a learned rule that was switched off', () => {
    const rules = learnIn({}, anObservation()).rules.map((r) => ({ ...r, disabled: true }))
    const again = learnIn({ rules }, anObservation())
    expect([again.rules, again.skipped[0]!.because]).toEqual([rules, 'disabled'])
  })
})

test('an end is called by what says most about it', () => {
  const d = directory(
    worldOf({ groups: [aGroup('lb', { addresses: ['192.168.120.0/24'] })], dnsServers: ['10.43.0.10'] }),
  )
  const named = ['10.42.0.1', '192.168.120.100', '203.0.113.1', '10.0.0.1', '10.43.0.10', '10.42.9.9'].map((ip) =>
    groupFor(d.endpoint(ip)),
  )
  expect(named).toEqual(['nv.ui.yelb', 'lb', 'external', 'nodes', 'dns', 'unknown'])
})

/** As the observer does it: what `decide()` says is to be learned. */
function observe(flows: readonly Flow[], anyWorld: World): readonly Observation[] {
  const d = directory(anyWorld)
  return flows.flatMap((flow) => {
    const { consequence, trace } = decide(flow, d)
    const { port, protocol, application } = flow
    const ends = { source: groupFor(trace.source), destination: groupFor(trace.destination) }
    return consequence === 'learn' ? [anObservation({ ...ends, port, protocol, application })] : []
  })
}

const flows = fc.array(
  fc
    .record({ flow: connection, application: fc.constantFrom('redis', 'http', 'http2', 'unknown') })
    .map(({ flow, application }): Flow => ({ ...flow, application })),
  { maxLength: 12 },
)

describe('whatever the traffic', () => {
  const withRules = (anyWorld: World, rules: readonly Rule[]): World => ({
    ...anyWorld,
    policy: { ...anyWorld.policy, rules },
  })

  test('what is learned is allowed from then on, and learning it again changes nothing', () => {
    fc.assert(
      fc.property(world, flows, (anyWorld, seen) => {
        const observations = observe(seen, anyWorld)
        const { rules, skipped } = learn(observations, { directory: directory(anyWorld), now: later })
        const after = directory(withRules(anyWorld, rules))
        const odd = new Set(skipped.map(({ because: b }) => b))
        for (const flow of seen) {
          const before = decide(flow, directory(anyWorld))
          const ends = [before.trace.source, before.trace.destination].map(groupFor)
          if (before.consequence !== 'learn' || flow.protocol === 'udp' || ends.includes('unknown')) continue
          // A person's deny about some requests stays above; whether this is one of them, its request will show.
          const waitsForRequest = (r: Rule) => r.http.length > 0 || r.applications.includes('grpc')
          const open = anyWorld.policy.rules.some(waitsForRequest) ? ['undecided'] : []
          expect(['allow', ...open]).toContain(decide(flow, after).policy)
        }
        expect([...odd].filter((b) => b !== 'udp' && b !== 'nobody')).toEqual([])
        expect(learn(observations, { directory: after, now: someTime }).rules).toBe(rules)
        expect(
          observe(seen, after.world).filter(
            (o) => o.protocol === 'tcp' && o.source !== 'unknown' && o.destination !== 'unknown',
          ),
        ).toEqual([])
      }),
      { numRuns: 20000 },
    )
  })

  test('the order of the traffic does not matter', () => {
    fc.assert(
      fc.property(world, flows, (anyWorld, seen) => {
        const observations = observe(seen, anyWorld)
        const context = { directory: directory(anyWorld), now: later }
        expect(learn(observations.toReversed(), context).rules).toEqual(learn(observations, context).rules)
      }),
    )
  })

  test('no verdict of a rule that was there changes', () => {
    fc.assert(
      fc.property(world, flows, (anyWorld, seen) => {
        const { rules } = learn(observe(seen, anyWorld), { directory: directory(anyWorld), now: later })
        const after = directory(withRules(anyWorld, rules))
        for (const flow of seen) {
          const { rule, policy } = decide(flow, directory(anyWorld))
          if (rule !== 'default' && policy !== 'undecided') expect(decide(flow, after)).toMatchObject({ rule, policy })
        }
      }),
    )
  })
})
