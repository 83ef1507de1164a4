import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aGroup, aRule, aWorkload, aWorld } from '../../test/support/builders.ts'
import { parseAddress, parseCidr } from '../policy/address.ts'
import { directory } from '../policy/directory.ts'
import { prefixIndex } from '../policy/prefix-index.ts'
import { blocksOf } from './blocks.ts'
import type { Division } from './division.ts'
import { divide, identityParts } from './division.ts'

const ip = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 7 })).map(([a, b]) => `10.42.${a}.${b}`)
const cidr = fc.constantFrom('10.42.0.0/24', '10.42.0.4/30', '10.42.0.0/16', '10.0.0.0/8', '10.42.1.2', '172.16.0.0/12')
const world = fc
  .record({
    pods: fc.uniqueArray(ip, { maxLength: 8 }),
    managed: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    a: fc.array(cidr, { maxLength: 3 }),
    b: fc.array(cidr, { maxLength: 3 }),
    podCidrs: fc.constantFrom([], ['10.42.0.0/16'], ['10.42.0.0/23']),
  })
  .map(({ pods, managed, a, b, podCidrs }) =>
    aWorld({
      workloads: pods.map((address, i) =>
        aWorkload(`w${i % 3}-${i}`, {
          owner: { kind: 'Deployment', name: `w${i % 3}` },
          ips: [address],
          managed: managed[i]!,
        }),
      ),
      podCidrs,
      nodes: [{ name: 'n', ips: ['10.42.3.3'] }],
      groups: [aGroup('a', { addresses: a }), aGroup('b', { addresses: b })],
      rules: [aRule('a', 'b')],
    }),
  )
const groups = fc
  .subarray(['a', 'b', 'external', 'nodes', 'unknown', 'nv.w0.yelb', 'nv.w1.yelb', 'containers'])
  .map((all) => all.toSorted())

/** The part an address is in: as Envoy finds it, by the longest range. */
function lookUp({ parts }: Division) {
  const index = prefixIndex(parts.flatMap((part) => part.cidrs.map((text) => [parseCidr(text)!, part] as const)))
  return (address: string) => index.find(parseAddress(address)!)!.identity
}

const addresses = fc.array(fc.oneof(ip, fc.constantFrom('10.42.3.3', '10.1.1.1', '172.16.9.9', '8.8.8.8', 'fd00::1')), {
  minLength: 10,
  maxLength: 20,
})

test('sources: each address is in exactly the groups that its peer is called after', () => {
  fc.assert(
    fc.property(world, groups, addresses, (it, named, all) => {
      const now = directory(it)
      const find = lookUp(divide(now, blocksOf(now.prefixes()), 'from', named))
      for (const address of all) {
        const identity = find(address)
        const wanted = named.filter((group) => now.endpoint(address).groups.includes(group))
        expect([address, identity.kind === 'peer' && identityParts(identity)]).toEqual([address, wanted])
      }
    }),
    { numRuns: 300 },
  )
})

test('destinations: what a sidecar decides passes, and nothing else that is known', () => {
  fc.assert(
    fc.property(world, groups, addresses, (it, named, all) => {
      const now = directory(it)
      const find = lookUp(divide(now, blocksOf(now.prefixes()), 'to', named))
      for (const address of all) {
        const endpoint = now.endpoint(address)
        const managed = endpoint.kind === 'workload' && endpoint.workload.managed
        const passes = managed || (endpoint.kind === 'unknown' && !named.includes('unknown'))
        const identity = find(address)
        expect([address, identity.kind]).toEqual([address, passes ? 'passing' : 'peer'])
        if (identity.kind === 'peer') {
          expect(identity.groups).toEqual(named.filter((group) => endpoint.groups.includes(group)))
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('nothing is said twice: no range is the same part as what is around it', () => {
  fc.assert(
    fc.property(world, groups, (it, named) => {
      const now = directory(it)
      const blocks = blocksOf(now.prefixes())
      const { parts } = divide(now, blocks, 'from', named)
      const partOf = new Map(parts.flatMap((part) => part.cidrs.map((text) => [text, part.key])))
      for (const [text, key] of partOf) {
        let place = blocks.all[blocks.placeOf(text)!]!.parent
        while (place !== undefined && !partOf.has(blocks.all[place]!.prefix.cidr)) place = blocks.all[place]!.parent
        if (place !== undefined) expect(partOf.get(blocks.all[place]!.prefix.cidr)).not.toBe(key)
      }
    }),
    { numRuns: 300 },
  )
})
