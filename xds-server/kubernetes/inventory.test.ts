import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Inventory, Parsed, Workload } from '../policy/model.ts'
import { maxInventoryBytes, parseInventory, readInventory, watchInventory } from './inventory.ts'

const aWorkload = (over: Partial<Workload> = {}): Workload => ({
  id: 'ui-1',
  name: 'ui-1',
  namespace: 'yelb',
  labels: { app: 'ui' },
  serviceAccount: 'ui',
  node: 'node',
  image: 'ui:1',
  owner: { kind: 'Deployment', name: 'ui' },
  ips: ['10.244.77.10', 'fd77:77::10'],
  ports: [{ port: 80, protocol: 'tcp', name: 'http' }],
  managed: true,
  ...over,
})

const anInventory = (over: Partial<Inventory> = {}): Inventory => ({
  workloads: [aWorkload()],
  namespaces: [{ name: 'yelb', labels: {} }],
  nodes: [{ name: 'node', ips: ['10.244.77.1'] }],
  podCidrs: ['10.244.77.0/24', 'fd77:77::/64'],
  dnsServers: ['10.244.77.11'],
  resolved: { 'api.partner.test': ['192.168.120.150'] },
  ...over,
})

describe('parseInventory', () => {
  test('an inventory is what was written', () => {
    expect(parseInventory(anInventory())).toEqual({ ok: true, value: anInventory() })
  })

  test('addresses come out in one form', () => {
    const parsed = parseInventory(anInventory({ workloads: [aWorkload({ ips: ['FD77:0077:0:0::10'] })] }))
    expect(parsed).toEqual({ ok: true, value: anInventory({ workloads: [aWorkload({ ips: ['fd77:77::10'] })] }) })
  })

  test('every problem has its path', () => {
    const broken = {
      ...anInventory({
        workloads: [
          aWorkload({ ips: ['10.0.0'], ports: [{ port: 0, protocol: 'tcp' }] }),
          aWorkload({ owner: { kind: 'Pod', name: '' } }),
        ],
        podCidrs: ['10.244.77.0/33'],
        resolved: { 'Partner.test.': [] },
      }),
      extra: 1,
    }
    const parsed = parseInventory(broken)
    expect(parsed.ok || parsed.problems.map(({ path }) => path)).toEqual([
      'workloads[0].ips[0]',
      'workloads[0].ports[0].port',
      'workloads[1].owner.name',
      'podCidrs[0]',
      'resolved.Partner.test.',
      '',
    ])
  })

  test('an id and an address belong to one workload', () => {
    const parsed = parseInventory(anInventory({ workloads: [aWorkload(), aWorkload()] }))
    expect(parsed).toEqual({
      ok: false,
      problems: [
        { path: 'workloads[1].id', message: 'this id is taken by another workload' },
        { path: 'workloads[1].ips', message: 'an address is in two workloads' },
      ],
    })
  })
})

describe('the file', () => {
  let dir = ''
  let path = ''
  let end = new AbortController()
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-inventory-'))
    path = join(dir, 'inventory.json')
    end = new AbortController()
  })
  afterEach(async () => {
    end.abort()
    await rm(dir, { recursive: true, force: true })
  })

  const write = async (text: string) => {
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
  }

  test('a missing file, one that is no JSON and one that is too large are problems', async () => {
    const problem = (reading: Parsed<Inventory>) =>
      reading.ok ? 'none' : reading.problems.map((p) => p.message).join()
    expect(problem(await readInventory(path))).toContain('ENOENT')
    await write('{')
    expect(problem(await readInventory(path))).toContain('JSON')
    await write(' '.repeat(maxInventoryBytes + 1))
    expect(problem(await readInventory(path))).toContain('more than')
  })

  test('each change is read once, the same content is no change, a broken file is told and does not end the watch', async () => {
    const readings: Parsed<Inventory>[] = []
    let wake = () => {}
    const next = () =>
      new Promise<void>((resolve) => {
        wake = resolve
      })
    const onReading = (reading: Parsed<Inventory>) => {
      readings.push(reading)
      wake()
    }
    const later = anInventory({ workloads: [] })

    await write(JSON.stringify(anInventory()))
    await watchInventory(path, { signal: end.signal, onReading })
    let told = next()
    await write('{')
    await told
    told = next()
    await write(JSON.stringify(later, null, 2))
    await told
    told = next()
    await write(JSON.stringify(later))
    await write(JSON.stringify(anInventory()))
    await told

    expect(readings.map((reading) => (reading.ok ? reading.value.workloads.length : 'broken'))).toEqual([
      1,
      'broken',
      0,
      1,
    ])
  })
})
