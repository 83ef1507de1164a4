import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aWorkload, aWorld, type WorldParts } from '../../test/support/builders.ts'
import { parseInventory } from './parse-inventory.ts'
import { world } from './testdata/worlds.ts'

const anInventory = (parts: WorldParts = {}) => aWorld(parts).inventory
const problems = (input: unknown) => {
  const parsed = parseInventory(input)
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`)
}

test('any that is there is read back the same', () => {
  fc.assert(
    fc.property(world, ({ inventory }) => {
      expect(parseInventory(JSON.parse(JSON.stringify(inventory)))).toEqual({ ok: true, value: inventory })
    }),
  )
})

test('equal addresses come out as equal texts, whatever they were written as', () => {
  const written = anInventory({
    workloads: [aWorkload('ui', { ips: ['FD77:0077:0:0::10', '::FFFF:10.42.0.1'] })],
    podCidrs: ['10.42.9.9/16'],
    resolved: { 'example.com': ['FD00::1'] },
  })
  expect(parseInventory(written)).toEqual({
    ok: true,
    value: anInventory({
      workloads: [aWorkload('ui', { ips: ['fd77:77::10', '10.42.0.1'] })],
      podCidrs: ['10.42.0.0/16'],
      resolved: { 'example.com': ['fd00::1'] },
    }),
  })
})

test('every problem has its path', () => {
  const unsaid = { ...aWorkload('db', { owner: { kind: 'Pod', name: '' } }), managed: undefined }
  const inventory = anInventory({
    workloads: [aWorkload('ui', { ips: ['10.0.0'], ports: [{ port: 0, protocol: 'tcp' }] })],
    podCidrs: ['10.42.0.0/33'],
    resolved: { 'Partner.test.': [] },
  })
  const broken = { ...inventory, workloads: [...inventory.workloads, unsaid], podCidr: [] }
  expect(problems(broken)).toEqual([
    'podCidr: is not a field here; did you mean `podCidrs`?',
    'workloads[0].ips[0]: `10.0.0` is no address',
    'workloads[0].ports[0].port: must be a whole number from 1 to 65535',
    'workloads[1].owner.name: is empty',
    'workloads[1].managed: is missing',
    'podCidrs[0]: `10.42.0.0/33` is no block of addresses',
    'resolved.Partner.test.: `Partner.test.` is no host name in lower case without a dot at its end',
  ])
})

test('an id and an address belong to one workload', () => {
  const ui = aWorkload('ui', { ips: ['10.42.0.1', 'fd00::1'] })
  const thief = aWorkload('thief', { ips: ['10.42.0.2', 'FD00::1'] })
  expect(problems(anInventory({ workloads: [ui, thief, { ...ui, ips: [] }] }))).toEqual([
    'workloads[2].id: `ui` is of workloads[0], too',
    'workloads[1].ips: `fd00::1` is of workloads[0], too',
  ])
})

test('nothing that anybody could write makes it throw', () => {
  fc.assert(
    fc.property(fc.anything(), (input) => {
      const parsed = parseInventory(input)
      expect(parsed.ok || parsed.problems.length > 0).toBe(true)
    }),
  )
})
