import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aGroup, anHttp, aRule, aWorkload, aWorld, tcp } from '../../test/support/builders.ts'
import type { Directory } from '../policy/directory.ts'
import { directory } from '../policy/directory.ts'
import type { Rule, World } from '../policy/model.ts'
import { maxAddressesPerSidecar } from '../policy/model.ts'
import { compile, compiler } from './compile.ts'
import type { Compiled } from './model.ts'

const options = { sniffer: 'AA==', cuts: new Map<string, number>(), ipv6: true }
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

const world = fc
  .record({
    rules,
    gone: fc.nat(pods.length - 1),
    mode: fc.constantFrom('discover', 'protect'),
    modeResolution: fc.constantFrom('destination', 'basic', 'strict'),
    pins: fc.constantFrom('verify', 'trust'),
    net: fc.constantFrom(['192.0.2.0/24'], ['10.42.0.0/16', 'x.example']),
  } as const)
  .map(({ rules: all, gone, net, ...settings }) =>
    aWorld({
      workloads: pods.filter((_, i) => i !== gone),
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

const plain = ({ classes, classOf, status }: Compiled) => ({
  classes: [...classes].map(([key, { resources, rights }]) => [key, resources, rights]),
  classOf: [...classOf],
  status,
})

test('a compiler that has compiled other worlds says what a fresh one says, in the same order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(world, cuts), { minLength: 2, maxLength: 4 }), (steps) => {
      const kept = compiler()
      let before: Directory | undefined
      for (const [it, counted] of steps) {
        const now: Directory = directory(it, before)
        const got = kept.compile(now, { ...options, cuts: counted })
        expect(JSON.stringify(plain(got))).toBe(
          JSON.stringify(plain(compile(directory(it), { ...options, cuts: counted }))),
        )
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
