import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aGroup, aRule, aWorkload, aWorld, type WorldParts } from '../../test/support/builders.ts'
import { contains, parseAddress, parseCidr } from './address.ts'
import { decide } from './decide.ts'
import { directory } from './directory.ts'
import { groupsAt } from './testdata/naive.ts'
import { addresses, connection, rule, world } from './testdata/worlds.ts'

const ui = aWorkload('ui', { ips: ['10.42.0.1', 'fd00::1'] })
const legacy = aWorkload('legacy', { ips: ['10.42.0.2'], managed: false })
const system = aGroup('system', { criteria: [{ key: 'namespace', op: '=', value: 'kube-*' }] })

/** Kind and groups of an address. */
function at(ip: string, parts: WorldParts, serverName?: string): readonly string[] {
  const { kind, groups } = directory(aWorld(parts)).endpoint(ip, serverName)
  return [kind, ...groups]
}

describe('what an address is', () => {
  const workloads = [ui, legacy]

  test('a workload, by any of its addresses in any spelling', () => {
    expect(directory(aWorld({ workloads })).endpoint('FD00:0::1')).toEqual({
      kind: 'workload',
      ip: 'fd00::1',
      workload: ui,
      groups: ['nv.ui.yelb', 'containers', 'any'],
    })
    expect(at('::ffff:10.42.0.2', { workloads })).toEqual(['workload', 'nv.legacy.yelb', 'any'])
  })

  test('a node, even if a pod in the host’s network has the address, too', () => {
    const host = aWorkload('host', { ips: ['10.0.0.1'] })
    expect(at('10.0.0.1', { workloads: [host] })).toEqual(['node', 'nodes', 'any'])
  })

  test('a DNS server, a workload that is one, and a node that is one', () => {
    const coredns = aWorkload('coredns', { namespace: 'kube-system', ips: ['10.42.0.9', 'fd00::9'] })
    const parts: WorldParts = {
      workloads: [coredns],
      groups: [system],
      dnsServers: ['10.43.0.10', '10.42.0.9', '10.0.0.1'],
    }
    expect(at('10.43.0.10', parts)).toEqual(['dns', 'dns', 'any'])
    expect(at('fd00::9', parts)).toEqual(['workload', 'nv.coredns.kube-system', 'system', 'containers', 'dns', 'any'])
    expect(at('10.0.0.1', parts)).toEqual(['node', 'nodes', 'dns', 'any'])
  })

  test('nobody: in the pod network without a workload, claimed twice, or no address at all', () => {
    const twin = aWorkload('twin', { ips: ['10.42.0.1'] })
    const groups = [aGroup('all', { addresses: ['0.0.0.0/0'] }), aGroup('inside', { addresses: ['10.42.7.0/24'] })]
    const unknown = ['unknown', 'unknown', 'any']
    expect(at('10.42.7.7', { workloads, groups })).toEqual(unknown)
    expect(at('10.42.0.1', { workloads: [ui, twin], groups })).toEqual(unknown)
    expect(at('10.42.0.1', { workloads: [{ ...ui, ips: [] }], groups })).toEqual(unknown)
    expect(at('pipe', { workloads, groups })).toEqual(unknown)
  })

  test('the world outside, by its narrowest address group first', () => {
    const groups = [
      aGroup('office', { addresses: ['192.168.0.0/16'] }),
      aGroup('balancers', { addresses: ['192.168.120.100-192.168.120.101'] }),
    ]
    expect(at('203.0.113.1', { groups })).toEqual(['external', 'external', 'any'])
    expect(at('192.168.1.1', { groups })).toEqual(['external', 'office', 'external', 'any'])
    expect(at('192.168.120.101', { groups })).toEqual(['external', 'balancers', 'office', 'external', 'any'])
  })

  test('address groups contain workloads without a sidecar and nodes, never managed workloads', () => {
    const groups = [aGroup('ten', { addresses: ['10.0.0.0/8'] })]
    expect(at('10.42.0.1', { workloads, groups })).toEqual(['workload', 'nv.ui.yelb', 'containers', 'any'])
    expect(at('10.42.0.2', { workloads, groups })).toEqual(['workload', 'nv.legacy.yelb', 'any', 'ten'])
    expect(at('10.0.0.1', { workloads, groups })).toEqual(['node', 'nodes', 'ten', 'any'])
  })

  test('host names count for the address they resolved to', () => {
    const parts: WorldParts = {
      groups: [aGroup('site', { addresses: ['*.example.com', '203.0.113.8'] })],
      resolved: { 'a.example.com': ['203.0.113.7', '203.0.113.8'], 'example.com': ['203.0.113.9'] },
    }
    const d = directory(aWorld(parts))
    expect(at('203.0.113.7', parts)).toEqual(['external', 'external', 'any'])
    expect(at('203.0.113.7', parts, 'A.Example.com')).toEqual(['external', 'site', 'external', 'any'])
    expect(at('203.0.113.9', parts, 'example.com')).toEqual(['external', 'external', 'any'])
    expect([d.namedGroups('203.0.113.7'), d.namedGroups('203.0.113.8'), d.namedGroups('203.0.113.9')]).toEqual([
      ['site'],
      [],
      [],
    ])
    expect(d.namesOf('site')).toEqual([{ name: 'a.example.com', addresses: ['203.0.113.7', '203.0.113.8'] }])
  })
})

describe('members', () => {
  test('of learned, custom and reserved groups', () => {
    const d = directory(aWorld({ workloads: [ui, legacy], groups: [system] }))
    expect(d.members('nv.ui.yelb')).toEqual([ui])
    expect(d.members('containers')).toEqual([ui])
    expect(d.members('any')).toEqual([ui, legacy])
    expect([d.members('system'), d.members('external'), d.members('no-such')]).toEqual([[], [], []])
  })
})

describe('against the naive reference', () => {
  const names = [undefined, 'www.example.com', 'api.example.org']

  test('every address is in the groups that a look at everything finds', () => {
    fc.assert(
      fc.property(world, (anyWorld) => {
        const d = directory(anyWorld)
        for (const ip of addresses) {
          for (const name of names) {
            const seen = [...d.endpoint(ip, name).groups].sort()
            expect({ ip, name, groups: seen }).toEqual({ ip, name, groups: [...groupsAt(ip, name, anyWorld)].sort() })
          }
        }
      }),
    )
  })

  test('an address is what the longest of all blocks says, as in Envoy', () => {
    fc.assert(
      fc.property(world, fc.oneof(fc.constantFrom(...addresses), fc.ipV4(), fc.ipV6()), (anyWorld, ip) => {
        const d = directory(anyWorld)
        const blocks = d.prefixes()
        expect(new Set(blocks.map((b) => b.cidr)).size).toBe(blocks.length)
        const around = blocks.filter((b) => contains(parseCidr(b.cidr)!, parseAddress(ip)!))
        const longest = around.sort((a, b) => parseCidr(b.cidr)!.length - parseCidr(a.cidr)!.length)[0]!
        const { kind, groups } = d.endpoint(ip)
        expect({ kind: longest.kind, groups: longest.groups }).toEqual({ kind, groups })
        expect(d.namedGroups(ip)).toEqual(longest.named)
      }),
    )
  })

  test('built on the one before it, it says what it says built afresh', () => {
    fc.assert(
      fc.property(world, world, fc.array(rule), connection, fc.nat(3), (first, second, rules, flow, what) => {
        const { inventory, policy } = first
        const next = [
          { inventory, policy: { ...policy, rules } },
          { inventory, policy: { ...policy, settings: second.policy.settings } },
          { inventory, policy: { ...policy, groups: second.policy.groups } },
          { inventory: second.inventory, policy },
        ][what]!
        expect(decide(flow, directory(next, directory(first)))).toEqual(decide(flow, directory(next)))
      }),
    )
  })
})

test('rules are found by the groups they name, in order', () => {
  const rules = ['a', 'b', 'c', 'd'].map((id, i) => aRule(i % 2 ? 'any' : 'nv.ui.yelb', 'any', { id }))
  const d = directory(aWorld({ rules }))
  expect(d.rules.between(['any', 'nv.ui.yelb'], ['any']).map((r) => r.id)).toEqual(['a', 'b', 'c', 'd'])
  expect(d.rules.between(['any'], ['any', 'x']).map((r) => r.id)).toEqual(['b', 'd'])
})
