import { describe, expect, test } from 'vitest'
import { aGroup, aRule, aWorkload } from '../../test/support/builders.ts'
import { at, planeForEachTest } from './testdata/each-test.ts'
import { yelb } from './testdata/harness.ts'

const api = planeForEachTest()
const { call, restart } = api

const stored = () => api.plane.store.read('groups').value

const lb = aGroup('lb', { addresses: ['192.168.120.100-192.168.120.101'], comment: 'load balancer' })

describe('reading', () => {
  test('learned, custom, address and reserved groups, each with its mode and why', async () => {
    await restart({ policy: { groups: [lb, aGroup('nv.ui.yelb', { mode: 'protect' })] } })
    const { etag, body } = await call('GET', '/groups')
    expect({ etag, revision: body.revision, total: body.total }).toEqual({ etag: '"2"', revision: 2, total: 12 })
    expect(body.groups.map((g: { name: string }) => g.name)).toEqual([
      'any',
      'containers',
      'dns',
      'external',
      'lb',
      'nodes',
      'nv.appserver.yelb',
      'nv.db.yelb',
      'nv.legacy.default',
      'nv.ubuntu.default',
      'nv.ui.yelb',
      'unknown',
    ])
    const called = (name: string) => body.groups.find((g: { name: string }) => g.name === name)
    expect(called('lb')).toEqual({
      name: 'lb',
      kind: 'address',
      comment: 'load balancer',
      mode: null,
      reason: 'addresses have no sidecar and so no mode',
      members: 0,
      stored: lb,
      inspection: null,
    })
    expect(called('nv.ubuntu.default')).toEqual({
      name: 'nv.ubuntu.default',
      kind: 'learned',
      comment: '',
      mode: 'discover',
      reason: 'nv.ubuntu.default: settings.newGroupMode',
      members: 2,
      stored: null,
      inspection: null,
    })
    expect([called('nv.ui.yelb').mode, called('containers').members]).toEqual(['protect', 5])
  })

  test('one group with its members', async () => {
    const { body } = await call('GET', '/groups/nv.ubuntu.default?limit=1&offset=1')
    expect([body.group.members, body.members]).toEqual([2, [yelb.workloads[4]]])
    expect((await call('GET', '/groups/nv.gone.default')).status).toBe(404)
  })
})

describe('writing', () => {
  test('an address group is made, seen, and goes again', async () => {
    const group = { name: 'lb', addresses: ['192.168.120.100-192.168.120.101'], comment: 'load balancer' }
    expect(await call('PUT', '/groups/lb', at(1, { group }))).toEqual({ status: 200, etag: '"2"', body: { group: lb } })
    expect(stored()).toEqual([lb])
    expect(await call('DELETE', '/groups/lb', at(2))).toEqual({ status: 200, etag: '"3"', body: { name: 'lb' } })
    expect(stored()).toEqual([])
    expect((await call('DELETE', '/groups/lb', at(3))).status).toBe(404)
  })

  test('criteria may be texts; every problem has its path', async () => {
    const group = { name: 'system', criteria: ['namespace=cattle-*', 'label.app!=web'] }
    expect((await call('PUT', '/groups/system', at(1, { group }))).body).toEqual({
      group: {
        kind: 'custom',
        name: 'system',
        comment: '',
        criteria: [
          { key: 'namespace', op: '=', value: 'cattle-*' },
          { key: 'label.app', op: '!=', value: 'web' },
        ],
      },
    })
    const wrong = { name: 'any', criteria: ['namespac=x', 'image~['] }
    const { status, body } = await call('PUT', '/groups/other', at(2, { group: wrong, more: 1 }))
    expect(status).toBe(422)
    expect(body.problems.map((p: { path: string }) => p.path)).toEqual([
      'group.name',
      'group.criteria[0].key',
      'group.criteria[1].value',
      '',
    ])
  })

  test('a group that a rule names stays', async () => {
    await restart({ policy: { groups: [lb], rules: [aRule('lb', 'nv.ui.yelb')] } })
    expect((await call('DELETE', '/groups/lb', at(2))).body.problems).toEqual([
      { path: 'rules[0].from', message: '`lb` is no group' },
    ])
    expect(stored()).toEqual([lb])
  })

  test('the address says which group it is', async () => {
    const { body } = await call('PUT', '/groups/lb', at(1, { group: { name: 'bl', addresses: ['192.0.2.1'] } }))
    expect(body.problems).toEqual([{ path: 'group.name', message: 'is bl, and the address says lb' }])
  })
})

describe('modes', () => {
  test('a learned group’s mode is stored, and taken back', async () => {
    const set = await call('PUT', '/groups/nv.ui.yelb/mode', at(1, { mode: 'protect' }))
    expect(set.body).toEqual({ set: ['nv.ui.yelb'], left: [], overriddenBy: null })
    expect(stored()).toEqual([aGroup('nv.ui.yelb', { mode: 'protect' })])
    await call('PUT', '/groups/nv.ui.yelb/mode', at(2, { mode: null }))
    expect(stored()).toEqual([])
  })

  test('a custom group’s goes to the learned groups wholly inside; the others are named', async () => {
    const shell = aWorkload('shell', { namespace: 'default', ips: ['10.42.0.40'], labels: { team: 'ops' } })
    const others = yelb.workloads.filter((w) => w.id !== 'ubuntu-1')
    const ubuntu = { ...yelb.workloads.find((w) => w.id === 'ubuntu-1')!, labels: { team: 'ops' } }
    const inventory = { ...yelb, workloads: [...others, ubuntu, shell] }
    const group = aGroup('ops', { criteria: [{ key: 'label.team', op: '=', value: 'ops' }] })
    await restart({ inventory, policy: { groups: [group] } })
    const { body } = await call('PUT', '/groups/ops/mode', at(2, { mode: 'monitor' }))
    expect(body).toEqual({
      set: ['nv.shell.default'],
      left: [{ group: 'nv.ubuntu.default', reason: '1 of its 2 workloads are in ops' }],
      overriddenBy: null,
    })
    expect(stored().filter((g) => g.kind === 'learned')).toEqual([aGroup('nv.shell.default', { mode: 'monitor' })])
  })

  test('an override of the whole cluster is told, because the mode has no effect until it is lifted', async () => {
    await call('PATCH', '/settings', at(1, { mode: 'protect' }))
    const { body } = await call('PUT', '/groups/nv.ui.yelb/mode', at(1, { mode: 'discover' }))
    expect(body).toEqual({ set: ['nv.ui.yelb'], left: [], overriddenBy: 'protect' })
  })

  test('addresses and reserved groups have none', async () => {
    await restart({ policy: { groups: [lb] } })
    expect((await call('PUT', '/groups/lb/mode', at(2, { mode: 'protect' }))).body.problems).toEqual([
      { path: 'params.name', message: 'lb: addresses have no sidecar and so no mode' },
    ])
    expect((await call('PUT', '/groups/external/mode', at(2, { mode: 'protect' }))).status).toBe(422)
    expect((await call('PUT', '/groups/nowhere/mode', at(2, { mode: 'protect' }))).status).toBe(404)
  })
})

describe('settings', () => {
  test('some of them are changed, the others stay', async () => {
    const { body } = await call(
      'PATCH',
      '/settings',
      at(1, { newGroupMode: 'monitor', autoPromote: { toMonitor: 24 } }),
    )
    expect(body).toEqual({
      settings: {
        mode: null,
        modeResolution: 'destination',
        newGroupMode: 'monitor',
        pins: 'verify',
        revealRule: false,
        autoPromote: { toMonitor: 24, toProtect: null },
      },
    })
    expect((await call('GET', '/settings')).body).toEqual(body)
  })

  test('an override is lifted by null', async () => {
    await call('PATCH', '/settings', at(1, { mode: 'protect' }))
    expect((await call('PATCH', '/settings', at(2, { mode: null }))).body.settings.mode).toBeNull()
  })

  test('every problem with its path', async () => {
    const patch = { mode: 'strict', autoPromote: { toMonitor: 0 }, pin: 'trust' }
    expect((await call('PATCH', '/settings', at(1, patch))).body.problems).toEqual([
      { path: 'pin', message: 'is not a field here; did you mean `pins`?' },
      { path: 'mode', message: 'must be discover, monitor, protect' },
      { path: 'autoPromote.toMonitor', message: 'must be a whole number from 1 to 87600' },
    ])
  })
})
