/** How long a large cluster takes. Printed, never asserted: machines are noisy. `npm run bench` keeps the figures. */
import { expect, test } from 'vitest'
import { aFlow, aGroup, aRule, aWorkload, aWorld, tcp } from '../../test/support/builders.ts'
import { decide } from './decide.ts'
import { directory } from './directory.ts'

const owners = 2_500
const names = Array.from({ length: owners }, (_, i) => `app-${i}`)
const workloads = Array.from({ length: 10_000 }, (_, i) => {
  const owner = names[i % owners]!
  return aWorkload(`${owner}-${i}`, {
    namespace: `team-${i % 100}`,
    owner: { kind: 'Deployment', name: owner },
    labels: { app: owner, tier: `t${i % 7}` },
    ips: [`10.42.${i >> 8}.${i & 255}`],
  })
})
const groups = [
  ...Array.from({ length: 400 }, (_, i) =>
    aGroup(`custom-${i}`, {
      criteria: [
        { key: 'namespace', op: '=', value: `team-${i % 100}` },
        { key: 'label.tier', op: i % 2 ? '=' : '~', value: `t[${i % 7}x]`.replace(i % 2 ? /[[\]x]/g : /$^/, '') },
      ],
    }),
  ),
  ...Array.from({ length: 100 }, (_, i) =>
    aGroup(`places-${i}`, { addresses: [`192.168.${i}.0/24`, `198.51.100.${i}`] }),
  ),
]
const rules = Array.from({ length: 5_000 }, (_, i) => {
  const [a, b] = [i % owners, (i * 7) % owners]
  const group = (n: number) => (n % 5 === 0 ? `custom-${n % 400}` : `nv.app-${n}.team-${n % 100}`)
  return aRule(group(a), group(b), { id: `r${i}`, ports: tcp(1 + (i % 60_000)), applications: i % 3 ? ['http'] : [] })
})
const world = aWorld({ workloads, groups, rules, podCidrs: ['10.42.0.0/16'] })

function timed<T>(what: string, times: number, work: () => T): T {
  const start = performance.now()
  const result = work()
  console.log(`${what}: ${(((performance.now() - start) * 1_000) / times).toFixed(1)} µs`)
  return result
}

test('10,000 workloads, 500 groups, 5,000 rules', () => {
  const d = timed('directory(), built afresh', 1, () => directory(world))
  timed('directory(), after a rule edit', 1, () =>
    directory({ ...world, policy: { ...world.policy, rules: [...rules] } }, d),
  )
  timed('prefixes()', 1, () => d.prefixes())
  const outcomes = new Set<string>()
  const flow = (i: number, over = {}) =>
    aFlow(workloads[i % 10_000]!, workloads[(i * 7) % 10_000]!, { port: 1 + ((i * 13) % 5_000), ...over })
  const ask = (over: object, n: number) => {
    for (let i = 0; i < n; i++) outcomes.add(decide(flow(i, over), d).policy)
  }
  timed('decide() at connect', 100_000, () => ask({}, 100_000))
  timed('decide() with the application', 100_000, () => ask({ application: 'http' }, 100_000))
  expect(d.members('containers')).toHaveLength(10_000)
  expect(outcomes.has('deny')).toBe(true)
})
