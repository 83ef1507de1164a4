import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseInventory } from '../xds-server/policy/parse-inventory.ts'
import { hosts, layoutOf } from './layout.ts'
import type { Manifest, Pod } from './manifest.ts'
import { takeHosts } from './network.ts'
import { inventoryOf, zoneOf } from './publish.ts'

const aPod = (app: string, n: number, host: number | null, over: Partial<Pod> = {}): Pod => ({
  name: host === null ? app : `${app}-${n}`,
  app,
  host,
  ready: true,
  ...over,
})

const aManifest = (pods: readonly Pod[], over: Partial<Manifest> = {}): Manifest => ({
  version: 1,
  id: 'id',
  bootId: 'boot',
  state: 'up',
  owner: null,
  options: { controlPlane: true, sidecars: true, classifier: false },
  namespaces: [],
  nextHost: hosts.first,
  pods: [...pods],
  processes: [],
  ...over,
})

const pods = [
  aPod('coredns', 1, 10),
  aPod('yelb-ui', 1, 11),
  aPod('yelb-ui', 2, 12, { ready: false }),
  aPod('legacy', 1, 13),
  aPod('external', 1, null),
]

describe('the inventory', () => {
  test('is a cluster: the outside is not in it, only pods with a sidecar are managed', () => {
    const inventory = inventoryOf(aManifest(pods))
    expect(parseInventory(JSON.parse(JSON.stringify(inventory)))).toEqual({ ok: true, value: inventory })
    expect(inventory.workloads.map(({ id, managed, ips }) => [id, managed, ips])).toEqual([
      ['coredns-1', false, ['10.244.77.10', 'fd77:77::10']],
      ['yelb-ui-1', true, ['10.244.77.11', 'fd77:77::11']],
      ['yelb-ui-2', true, ['10.244.77.12', 'fd77:77::12']],
      ['legacy-1', false, ['10.244.77.13', 'fd77:77::13']],
    ])
    expect(inventory.workloads[1]).toEqual({
      id: 'yelb-ui-1',
      name: 'yelb-ui-1',
      namespace: 'yelb',
      labels: { app: 'yelb-ui', tier: 'frontend' },
      serviceAccount: 'yelb-ui',
      node: 'postern-node',
      image: 'postern-lab/yelb-ui:1',
      owner: { kind: 'Deployment', name: 'yelb-ui' },
      ips: ['10.244.77.11', 'fd77:77::11'],
      ports: [{ port: 80, protocol: 'tcp', name: 'http' }],
      managed: true,
    })
    expect({ ...inventory, workloads: [] }).toEqual({
      workloads: [],
      namespaces: ['default', 'kube-system', 'yelb'].map((name) => ({
        name,
        labels: { 'kubernetes.io/metadata.name': name },
      })),
      nodes: [{ name: 'postern-node', ips: ['10.244.77.1', 'fd77:77::1', '192.168.120.1', 'fd78::1'] }],
      podCidrs: ['10.244.77.0/24', 'fd77:77::/64'],
      dnsServers: ['10.244.77.10', 'fd77:77::10'],
      resolved: {
        'api.partner.test': ['192.168.120.150', 'fd78::150'],
        'files.partner.test': ['192.168.120.150', 'fd78::150'],
      },
    })
  })

  test('of a lab without sidecars manages nothing', () => {
    const manifest = aManifest(pods, { options: { controlPlane: false, sidecars: false, classifier: false } })
    expect(inventoryOf(manifest).workloads.filter(({ managed }) => managed)).toEqual([])
  })
})

test('names lead to ready pods only', () => {
  expect(zoneOf(aManifest(pods))).toEqual({
    zones: ['cluster.local', 'partner.test'],
    names: {
      'api.partner.test': ['192.168.120.150', 'fd78::150'],
      'files.partner.test': ['192.168.120.150', 'fd78::150'],
      'coredns.kube-system.svc.cluster.local': ['10.244.77.10'],
      'coredns-v6.kube-system.svc.cluster.local': ['fd77:77::10'],
      'coredns-1.coredns.kube-system.svc.cluster.local': ['10.244.77.10', 'fd77:77::10'],
      'yelb-ui.yelb.svc.cluster.local': ['10.244.77.11'],
      'yelb-ui-v6.yelb.svc.cluster.local': ['fd77:77::11'],
      'yelb-ui-1.yelb-ui.yelb.svc.cluster.local': ['10.244.77.11', 'fd77:77::11'],
      'legacy.default.svc.cluster.local': ['10.244.77.13'],
      'legacy-v6.default.svc.cluster.local': ['fd77:77::13'],
      'legacy-1.legacy.default.svc.cluster.local': ['10.244.77.13', 'fd77:77::13'],
    },
  })
})

describe('host numbers', () => {
  test('go round: one just given back is given out last', () => {
    const manifest = aManifest([aPod('legacy', 1, hosts.first)], { nextHost: hosts.last })
    expect(takeHosts(manifest, 2)).toEqual({ taken: [hosts.last, hosts.first + 1], next: hosts.first + 2 })
  })

  test('are free and different, or there are not enough', () => {
    const number = fc.integer({ min: hosts.first, max: hosts.last })
    const used = fc.uniqueArray(number, { maxLength: hosts.last - hosts.first + 1 })
    fc.assert(
      fc.property(used, number, fc.integer({ min: 0, max: 300 }), (taken, nextHost, count) => {
        const manifest = aManifest(
          taken.map((host, at) => aPod('legacy', at, host)),
          { nextHost },
        )
        const free = hosts.last - hosts.first + 1 - taken.length
        const take = () => takeHosts(manifest, count).taken
        if (count > free) expect(take).toThrow('addresses left')
        else expect(new Set([...take(), ...taken]).size).toBe(count + taken.length)
      }),
    )
  })
})

test('labs of two directories have names of their own', () => {
  expect(layoutOf('/run/postern-lab').prefix).toBe('postern')
  expect(layoutOf('/a').prefix).not.toBe(layoutOf('/b').prefix)
})
