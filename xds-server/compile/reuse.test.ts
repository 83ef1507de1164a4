import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aDlpSensor, aGroup, anHttp, anInspection, aRule, aWorkload, aWorld, tcp } from '../../test/support/builders.ts'
import type { Directory } from '../policy/directory.ts'
import { directory } from '../policy/directory.ts'
import type { Rule, World } from '../policy/model.ts'
import { maxAddressesPerSidecar } from '../policy/model.ts'
import { compile, compiler } from './compile.ts'
import type { Compiled } from './model.ts'

const options = { sniffer: 'AA==', cuts: new Map<string, number>(), ipv6: true }
const token = (profile: string) => `t-${profile}`
const pods = ['a', 'b', 'c'].flatMap((name, i) =>
  [0, 1].map((n) =>
    aWorkload(`${name}-${n}`, {
      owner: { kind: 'Deployment', name },
      ips: [`10.42.${i}.${n}`],
      labels: { n: String(n) },
    }),
  ),
)
const ends = ['nv.a.yelb', 'nv.b.yelb', 'nv.c.yelb', 'any', 'external', 'odd', 'net', 'nodes']

const rules = fc
  .array(
    fc.record({
      from: fc.constantFrom(...ends),
      to: fc.constantFrom(...ends),
      applications: fc.subarray(['http', 'redis', 'mysql'], { maxLength: 1 }),
      ports: fc.constantFrom([], tcp(80), tcp(1000, 2000)),
      http: fc.constantFrom([], [anHttp({ methods: ['GET'] })]),
      action: fc.constantFrom<Rule['action'][]>('allow', 'deny'),
      disabled: fc.boolean(),
    }),
    { maxLength: 6 },
  )
  .map((all) => all.map(({ from, to, ...over }, i) => aRule(from, to, { ...over, id: `r${i}` })))

const list = (...sensors: readonly string[]) =>
  fc
    .subarray([...sensors], { maxLength: 2 })
    .map((all) => all.map((sensor, i) => ({ sensor, action: i === 0 ? ('deny' as const) : ('allow' as const) })))
const bindings = fc.record({
  group: fc.constantFrom('nv.a.yelb', 'nv.b.yelb', 'odd'),
  waf: list('crs', 'base'),
  dlp: list('cards', 'ssn'),
  onFailure: fc.constantFrom('failClosed', 'failOpen'),
} as const)
const inspections = fc.uniqueArray(bindings, { selector: ({ group }) => group, maxLength: 2 })

const world = fc
  .record({
    inspections,
    mask: fc.boolean(),
    unmanaged: fc.boolean(),
    rules,
    gone: fc.nat(pods.length - 1),
    mode: fc.constantFrom('discover', 'protect'),
    modeResolution: fc.constantFrom('destination', 'basic', 'strict'),
    pins: fc.constantFrom('verify', 'trust'),
    net: fc.constantFrom(['192.0.2.0/24'], ['10.42.0.0/16', 'x.example']),
  } as const)
  .map(({ rules: all, gone, net, inspections, mask, unmanaged, ...settings }) =>
    aWorld({
      workloads: pods
        .filter((_, i) => i !== gone)
        .map((pod) => (unmanaged && pod.owner.name === 'b' ? { ...pod, managed: false } : pod)),
      inspections,
      dlpSensors: [aDlpSensor('cards', { mask })],
      groups: [
        aGroup('odd', { criteria: [{ key: 'label.n', op: '=', value: '1' }] }),
        aGroup('net', { addresses: net }),
      ],
      resolved: { 'x.example': ['192.0.2.7'] },
      rules: all,
      settings,
    }),
  )
const cuts = fc.constantFrom(new Map<string, number>(), new Map([['nv.a.yelb/inbound/tcp|#rest', 2]]))

const classifier = fc.constantFrom(
  ...[true, false].map((healthy) => ({ address: { kind: 'unix', path: '/c' } as const, token, healthy })),
  undefined,
)

const plain = ({ classes, classOf, status, inspection }: Compiled) => ({
  inspection,
  classes: [...classes].map(([key, { resources, rights }]) => [key, resources, rights]),
  classOf: [...classOf],
  status,
})

test('a compiler that has compiled other worlds says what a fresh one says, in the same order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(world, cuts, classifier), { minLength: 2, maxLength: 4 }), (steps) => {
      const kept = compiler()
      let before: Directory | undefined
      for (const [it, counted, asked] of steps) {
        const now: Directory = directory(it, before)
        const given = { ...options, cuts: counted, ...(asked && { classifier: asked }) }
        const got = kept.compile(now, given)
        expect(JSON.stringify(plain(got))).toBe(JSON.stringify(plain(compile(directory(it), given))))
        before = now
      }
    }),
    { numRuns: 80 },
  )
})

const some = (over: readonly Rule[], parts: Partial<World['inventory']> = {}) => {
  const { namespaces: _, ...rest } = parts
  return aWorld({ workloads: pods, ...rest, rules: over, settings: { mode: 'protect' } })
}

test('classes and listeners that an edit does not touch are the very same objects', () => {
  const kept = compiler()
  const ab = aRule('nv.a.yelb', 'nv.b.yelb', { applications: ['redis'], ports: tcp(6379) })
  const ac = aRule('nv.a.yelb', 'nv.c.yelb', { applications: ['redis'], ports: tcp(6379) })
  const first = directory(some([ab, ac]))
  const before = kept.compile(first, options)
  const later = { ...ac, comment: 'said better', updatedAt: '2027-01-01T00:00:00.000Z' }
  const second = directory(some([ab, { ...later, applications: ['mysql'] }], first.world.inventory), first)
  const after = kept.compile(second, options)
  const changed = [...after.classes]
    .filter(([key, snapshot]) => before.classes.get(key) !== snapshot)
    .map(([key]) => key)
  expect(changed).toEqual(['nv.c.yelb'])
  const third = directory(some([ab, later].map((rule) => ({ ...rule, comment: 'x' }))), first)
  expect(kept.compile(third, options).classes.get('nv.b.yelb')).toBe(after.classes.get('nv.b.yelb'))
})

test('past the bound of addresses only rules for any hold, and that is said', () => {
  const many = Array.from({ length: maxAddressesPerSidecar + 1 }, (_, i) =>
    aWorkload(`m${i}`, { owner: { kind: 'Deployment', name: 'many' }, ips: [`10.43.${i >> 8}.${i & 255}`] }),
  )
  const redis = aRule('nv.many.yelb', 'nv.a.yelb', { id: 'redis', applications: ['redis'], ports: tcp(6379) })
  const made = compile(directory(some([redis], { workloads: [...pods, ...many], podCidrs: ['10.42.0.0/15'] })), options)
  expect(made.status).toEqual([
    {
      class: 'nv.a.yelb',
      message: `in|6379 needs ${maxAddressesPerSidecar + 3} addresses, more than a sidecar may have: only rules for \`any\` hold there`,
    },
  ])
  const rights = made.classes.get('nv.a.yelb')?.rights.find(({ listener }) => listener === 'in|6379')
  expect(rights?.peers).toEqual([{ cidrs: ['0.0.0.0/0', '::/0'], judged: true, enforced: true, chains: [] }])
})

describe('sensors', () => {
  const web = aRule('nv.a.yelb', 'nv.b.yelb', { applications: ['http'], ports: tcp(80) })
  const asked = { ...options, classifier: { address: { kind: 'unix', path: '/c' }, token, healthy: true } as const }
  const on = (group: string, over: Parameters<typeof anInspection>[1]) => anInspection(group, over)
  const cards = aDlpSensor('cards')
  const policy = { dlpSensors: [cards, aDlpSensor('unused')], inspections: [] as ReturnType<typeof on>[] }
  const from = (over: Partial<typeof policy>) => aWorld({ workloads: pods, rules: [web], ...policy, ...over })

  /** Classes and resources that differ from one world to the next. */
  function changed(before: World, after: World): readonly string[] {
    const kept = compiler()
    const first = directory(before)
    const [was, is] = [kept.compile(first, asked), kept.compile(directory(after, first), asked)]
    return [...is.classes].flatMap(([key, { resources }]) => {
      const old = was.classes.get(key)!.resources
      return resources.filter((one) => !old.includes(one)).map(({ name }) => `${key} ${name}`)
    })
  }

  const crs = on('nv.b.yelb', { waf: [{ sensor: 'crs', action: 'allow' }] })
  const dlp = on('nv.b.yelb', { dlp: [{ sensor: 'cards', action: 'allow' }] })

  test('that nobody uses, and what people say of the others, change nothing', () => {
    const before = from({ inspections: [dlp] })
    const { inventory, policy: was } = before
    const edited = [aDlpSensor('cards', { comment: 'x' }), aDlpSensor('unused', { mask: true })]
    expect(changed(before, { inventory, policy: { ...was, dlpSensors: edited } })).toEqual([])
  })

  test('are noticed where nothing else changed: bindings, contents, and whether anybody answers', () => {
    const { inventory, policy: was } = from({ inspections: [dlp] })
    const next = (over: Partial<World['policy']>): World => ({ inventory, policy: { ...was, ...over } })
    expect(changed(next({}), next({ inspections: [{ ...dlp, waf: crs.waf }] }))).toContain(
      'nv.b.yelb in|80|nv.a.yelb|inspect',
    )
    expect(changed(next({}), next({ dlpSensors: [{ ...cards, mask: true }] }))).toContain(
      'nv.b.yelb in|80|nv.a.yelb|inspect',
    )
    const kept = compiler()
    const now = directory(next({}))
    const filter = (given: Parameters<typeof kept.compile>[1]) => {
      const { resources } = kept.compile(now, given).classes.get('nv.b.yelb')!
      return JSON.stringify(resources.find(({ name }) => name === 'in|80|nv.a.yelb|inspect')?.body)
    }
    const { classifier: there } = asked
    expect(filter(asked)).toContain('t-')
    expect(filter({ ...asked, classifier: { ...there, token: () => 'another' } })).toContain('Bearer another')
    expect(filter({ ...asked, classifier: { ...there, healthy: false } })).not.toContain('t-')
  })

  test('of a WAF concern only the classes of their group', () => {
    const names = changed(from({}), from({ inspections: [crs] })).map((name) => name.split(' ')[0])
    expect([...new Set(names)]).toEqual(['nv.b.yelb'])
  })

  test('of a DLP concern everybody who sees requests, where members are at the other end', () => {
    expect(
      changed(from({ inspections: [dlp] }), from({ inspections: [dlp], dlpSensors: [{ ...cards, mask: true }] })),
    ).toContain('nv.b.yelb in|80|nv.a.yelb|inspect')
  })
})
