/** Stories of classes, canaries and publications, told by simulated Envoys. */
import { describe, expect, test } from 'vitest'
import { aCompiled, aResource, type Connection, createHarness } from '../../test/support/xds/harness.ts'
import type { Received } from '../../test/support/xds/simulated-envoy.ts'
import type { ResourceType } from '../compile/model.ts'
import { maxLosses, silenceMs } from './gate.ts'

const objection = (_type: ResourceType, { value }: Received) =>
  Buffer.from(value).includes('bad') ? 'it is bad' : undefined

/** The class `web` with one resource of each type, whose contents are given, and some pods in it. */
const web = (
  contents: { c?: string; e?: string; l?: string },
  pods: readonly string[],
  rules: readonly string[] = ['r1'],
) => {
  const { c = '1', e = '1', l = '1' } = contents
  const resources = [aResource('cluster', 'c', c), aResource('extension', 'e', e, rules), aResource('listener', 'l', l)]
  return aCompiled({ web: resources }, Object.fromEntries(pods.map((pod) => [pod, 'web'])))
}

const pods = ['p1', 'p2', 'p3', 'p4']

function started(versions: Readonly<Record<string, string>> = {}) {
  const harness = createHarness()
  harness.fleet.publish(web({}, pods))
  const connections = pods.map((id) => harness.connect({ id, version: versions[id] ?? '1.40.0', objection }, ['e']))
  harness.settle()
  harness.applied.length = 0
  const turns = () => {
    while (harness.turn());
  }
  const contentOf = ({ envoy }: Connection) => {
    const value = envoy.held.extension.get('e')?.value
    return value && /(?<=\n.)[a-z0-9]+$/s.exec(Buffer.from(value).toString('latin1'))?.[0]
  }
  const contents = () => connections.map(contentOf)
  /** Answers of these pods arrive at the server. */
  const deliver = (...indices: number[]) => {
    for (const index of indices) {
      while (harness.deliverToEnvoy(connections[index]!));
      while (harness.deliverToServer(connections[index]!));
    }
    turns()
  }
  const pending = () => connections.flatMap(({ toEnvoy }, index) => (toEnvoy.length > 0 ? [index] : []))
  return { ...harness, connections, turns, contentOf, contents, deliver, pending }
}

describe('the canary gate', () => {
  test('new content goes to one sidecar, and after its ACK to all, in one encoding', () => {
    const t = started()
    t.encoded.length = 0
    t.fleet.publish(web({ e: '2' }, pods))
    t.turns()
    expect(t.pending()).toEqual([0])
    t.deliver(0)
    expect(t.pending()).toEqual([1, 2, 3])
    expect(new Set(t.connections.slice(1).map(({ toEnvoy }) => toEnvoy[0])).size).toBe(1)
    t.settle()
    expect(t.contents()).toEqual(['2', '2', '2', '2'])
    expect(t.encoded).toHaveLength(1)
    expect(t.applied).toEqual([{ rules: ['r1'], affected: 4, acked: 4, refused: 0, gone: 0, ms: 0 }])
  })

  test('one sidecar of each Envoy version tests it, and all of them must take it', () => {
    const t = started({ p3: '1.41.0' })
    t.fleet.publish(web({ e: '2' }, pods))
    t.turns()
    expect(t.pending()).toEqual([0, 2])
    t.deliver(0)
    const newcomer = t.connect({ id: 'p4', objection }, ['e'])
    while (t.deliverToServer(newcomer) || t.turn() || t.deliverToEnvoy(newcomer));
    expect(t.contentOf(newcomer)).toBe('1')
    expect(t.pending()).toEqual([2])
    t.deliver(2)
    expect(t.pending()).toEqual([1, 3])
  })

  test('a NACK quarantines the content: nobody else gets it, the last good stays, the rule is told', () => {
    const t = started()
    t.fleet.publish(web({ e: 'bad' }, pods))
    t.settle()
    expect(t.contents()).toEqual(['1', '1', '1', '1'])
    expect(t.connections.map(({ envoy }) => envoy.nacks)).toEqual([['e: it is bad'], [], [], []])
    expect(t.nacks).toEqual([
      { rules: ['r1'], message: 'e: it is bad', workload: 'p1', type: 'extension', names: ['e'], quarantined: true },
    ])
    expect(t.fleet.quarantined()).toMatchObject([{ name: 'e', verdict: { message: 'e: it is bad', node: 'p1' } }])
    expect(t.applied).toEqual([{ rules: ['r1'], affected: 4, acked: 0, refused: 4, gone: 0, ms: 0 }])
  })

  test('quarantined content is not tried again, not by a resync and not by a newcomer, until it changes', () => {
    const t = started()
    t.fleet.publish(web({ e: 'bad' }, pods))
    t.settle()
    t.fleet.publish(web({ e: 'bad' }, [...pods, 'p5']))
    const newcomer = t.connect({ id: 'p5', objection }, ['e'])
    t.settle()
    expect(t.nacks).toHaveLength(1)
    expect(t.contentOf(newcomer)).toBe('1')
    t.fleet.publish(web({ e: '3' }, pods))
    t.settle()
    expect(t.contents()).toEqual(['3', '3', '3', '3'])
    expect(t.fleet.quarantined()).toEqual([])
  })

  test('a canary that says nothing opens nothing; another one is asked, and any ACK counts', () => {
    const t = started()
    t.fleet.publish(web({ e: '2' }, pods))
    t.turns()
    t.tick(silenceMs - 1)
    t.turns()
    expect(t.pending()).toEqual([0])
    t.tick(1)
    t.turns()
    expect(t.pending()).toEqual([0, 1])
    t.deliver(1)
    expect(t.pending()).toEqual([0, 2, 3])
    t.settle()
    expect(t.contents()).toEqual(['2', '2', '2', '2'])
  })

  test('sidecars that vanish with the content in their hands count as a NACK', () => {
    const t = started()
    t.fleet.publish(web({ e: '2' }, pods))
    for (let n = 0; n < maxLosses; n += 1) {
      t.turns()
      expect(t.pending()).toEqual([n])
      t.disconnect(t.connections[n]!)
      t.connections[n]!.toEnvoy.length = 0
      t.tick(silenceMs)
    }
    t.settle()
    expect(t.pending()).toEqual([])
    expect(t.fleet.quarantined()).toMatchObject([
      { verdict: { message: '3 sidecars went away while they applied it' } },
    ])
    expect(t.contents()[3]).toBe('1')
  })

  test('a canary that no longer wants the name proves nothing: the next one tests it', () => {
    const t = started()
    t.fleet.publish(web({ e: 'bad' }, pods))
    t.connections[0]!.envoy.unsubscribe('extension', ['e'])
    t.deliverToServer(t.connections[0]!)
    t.settle()
    expect(t.connections.map(({ envoy }) => envoy.nacks.length)).toEqual([0, 1, 0, 0])
    expect(t.fleet.quarantined()).toMatchObject([{ verdict: { node: 'p2' } }])
  })

  test('what a sidecar refused before it is not asked again, even where the content was away meanwhile', () => {
    const t = started()
    for (const connection of t.connections.splice(1)) t.disconnect(connection)
    const without = aCompiled({ web: [aResource('cluster', 'c', '1')] }, { p1: 'web' })
    for (const compiled of [web({ l: 'bad' }, ['p1']), without, web({ l: 'bad' }, ['p1'])]) {
      t.fleet.publish(compiled)
      t.settle()
    }
    expect(t.connections[0]!.envoy.nacks).toHaveLength(1)
    expect(t.fleet.quarantined()).toMatchObject([{ name: 'l', verdict: { message: 'l: it is bad' } }])
  })

  test('what a sidecar has already it has accepted: it is not sent again, and others get it', () => {
    const t = started()
    t.fleet.publish(
      aCompiled({ web: [aResource('cluster', 'c', '1')] }, Object.fromEntries(pods.map((pod) => [pod, 'web']))),
    )
    t.settle()
    const deliveries = t.connections[0]!.envoy.deliveries.filter(({ type }) => type === 'extension').length
    t.fleet.publish(web({}, [...pods, 'p5']))
    const newcomer = t.connect({ id: 'p5', objection }, ['e'])
    t.settle()
    expect(t.contentOf(newcomer)).toBe('1')
    expect(t.connections[0]!.envoy.deliveries.filter(({ type }) => type === 'extension')).toHaveLength(deliveries)
  })

  test('without a sidecar it waits for the first one', () => {
    const harness = createHarness()
    harness.fleet.publish(web({ e: '1' }, pods))
    expect(harness.applied).toEqual([{ rules: ['r1'], affected: 0, acked: 0, refused: 0, gone: 0, ms: 0 }])
    expect(harness.fleet.counts()).toEqual({ classes: 1, blobs: 3, trials: 0 })
    const first = harness.connect({ id: 'p1', objection }, ['e'])
    harness.settle()
    expect([...first.envoy.held.extension.keys()]).toEqual(['e'])
    expect(harness.fleet.counts().trials).toBe(0)
  })

  test('a listener is not even tried before its table is decided, be it by another sidecar', () => {
    const harness = createHarness()
    harness.fleet.publish(web({}, pods))
    const [without, canary] = [harness.connect({ id: 'p1' }, []), harness.connect({ id: 'p2' }, ['e'])]
    harness.settle()
    harness.fleet.publish(web({ e: '2', l: '2' }, pods))
    while (harness.turn());
    expect([without.toEnvoy.length, canary.toEnvoy.length]).toEqual([0, 1])
    harness.settle()
    const types = (connection: Connection) => connection.envoy.deliveries.map(({ type }) => type)
    expect([types(without).slice(2), types(canary).slice(3)]).toEqual([['listener'], ['extension', 'listener']])
    expect(harness.applied.at(-1)).toMatchObject({ affected: 2, acked: 2 })
  })

  test('nothing is removed while something is being tested', () => {
    const t = started()
    const resources = [
      aResource('cluster', 'd', '1'),
      aResource('extension', 'e', '1'),
      aResource('listener', 'l', '2'),
    ]
    t.fleet.publish(aCompiled({ web: resources }, Object.fromEntries(pods.map((pod) => [pod, 'web']))))
    t.turns()
    expect(t.pending()).toEqual([0])
    t.settle()
    expect(t.connections.map(({ envoy }) => [...envoy.held.cluster.keys()])).toEqual([['d'], ['d'], ['d'], ['d']])
  })

  test('content that several classes share is tested once', () => {
    const harness = createHarness()
    const shared = aResource('cluster', 'c', '1')
    const compiled = (cluster: typeof shared) => aCompiled({ a: [cluster], b: [cluster] }, { p1: 'a', p2: 'b' })
    harness.fleet.publish(compiled(shared))
    const [one, two] = ['p1', 'p2'].map((id) => harness.connect({ id }, []))
    harness.settle()
    harness.fleet.publish(compiled(aResource('cluster', 'c', '2')))
    while (harness.turn());
    expect([one!.toEnvoy.length, two!.toEnvoy.length]).toEqual([1, 0])
    harness.settle()
    expect(two!.envoy.held.cluster.get('c')?.version).toBe(one!.envoy.held.cluster.get('c')?.version)
  })

  test('what a reconnecting sidecar holds was accepted: it is not sent, and opens the gate for the others', () => {
    const before = started()
    const after = createHarness()
    after.fleet.publish(web({}, pods))
    const [one] = before.connections.map(({ envoy }) => after.connect({ id: envoy.id, objection }, ['e'], envoy.held))
    after.settle()
    expect(one!.envoy.deliveries.map(({ type }) => type)).toEqual(['cluster', 'listener'])
    const fresh = after.connect({ id: 'p4', objection }, ['e'])
    after.settle()
    expect(fresh.envoy.held.extension.size).toBe(1)
  })
})

describe('publications', () => {
  test('a class that did not change costs nothing: its sidecars are not even looked at', () => {
    const harness = createHarness()
    const compiled = (content: string) =>
      aCompiled({ a: [aResource('cluster', 'c', content)], b: [aResource('cluster', 'c', 'b')] }, { p1: 'a', p2: 'b' })
    harness.fleet.publish(compiled('1'))
    const [, other] = ['p1', 'p2'].map((id) => harness.connect({ id }, []))
    harness.settle()
    const state = other!.sidecar.state
    harness.fleet.publish(compiled('2'))
    harness.settle()
    expect(other!.sidecar.state).toBe(state)
    expect(other!.envoy.deliveries).toHaveLength(2)
  })

  test('a resync that changes nothing sends nothing', () => {
    const t = started()
    t.encoded.length = 0
    t.fleet.publish(web({}, pods))
    t.settle()
    expect([t.encoded, t.applied]).toEqual([[], []])
  })

  test('back to what was before is sent, whatever Envoy says it has', () => {
    const t = started()
    for (const l of ['2', '1']) {
      t.fleet.publish(web({ l }, pods))
      t.settle()
    }
    const texts = t.connections[3]!.envoy.deliveries.filter(({ type }) => type === 'listener')
    expect(texts).toHaveLength(3)
  })

  test('a workload that changes its class gets the other class, and keeps extensions nobody names any more', () => {
    const harness = createHarness()
    const classes = {
      a: [aResource('cluster', 'ca', '1'), aResource('extension', 'ea', '1'), aResource('listener', 'la', '1')],
      b: [aResource('cluster', 'cb', '1'), aResource('listener', 'lb', '1')],
    }
    harness.fleet.publish(aCompiled(classes, { p1: 'a' }))
    const { envoy } = harness.connect({ id: 'p1' }, ['ea'])
    harness.settle()
    harness.fleet.publish(aCompiled(classes, { p1: 'b' }))
    harness.settle()
    expect([[...envoy.held.cluster.keys()], [...envoy.held.listener.keys()], [...envoy.held.extension.keys()]]).toEqual(
      [['cb'], ['lb'], ['ea']],
    )
    expect(envoy.deliveries.slice(-4).map(({ type, removed }) => [type, removed])).toEqual([
      ['cluster', []],
      ['listener', []],
      ['listener', ['la']],
      ['cluster', ['ca']],
    ])
  })

  test('a class that is not compiled any more takes nothing away from who has it', () => {
    const t = started()
    t.fleet.publish(aCompiled({}, {}))
    t.settle()
    expect(t.contents()).toEqual(['1', '1', '1', '1'])
    expect(t.fleet.counts().classes).toBe(1)
    for (const connection of t.connections) t.disconnect(connection)
    expect(t.fleet.counts()).toEqual({ classes: 0, blobs: 0, trials: 0 })
  })

  test('a workload nobody knows yet keeps its stream and is configured when it is known', () => {
    const harness = createHarness()
    const { envoy } = harness.connect({ id: 'p1' }, ['e'])
    harness.settle()
    expect(envoy.deliveries).toEqual([])
    harness.fleet.publish(web({}, pods))
    harness.settle()
    expect([...envoy.held.listener.keys()]).toEqual(['l'])
  })

  test('sidecars that go away are counted as gone', () => {
    const t = started()
    t.fleet.publish(web({ e: '2' }, pods))
    t.turns()
    t.disconnect(t.connections[3]!)
    t.settle()
    expect(t.applied).toMatchObject([{ affected: 4, acked: 3, gone: 1 }])
  })

  test('a resource without an encoding is quarantined from the start; the rest goes out', () => {
    const harness = createHarness()
    const broken = { type: 'listener', name: 'x', body: { name: 'x', nonsense: 1 }, rules: ['r9'] } as const
    const unencodable = harness.fleet.publish(aCompiled({ a: [aResource('listener', 'l', '1'), broken] }, { p1: 'a' }))
    expect(unencodable).toMatchObject([
      {
        name: 'x',
        rules: ['r9'],
        verdict: { message: 'nonsense: no such field in envoy.config.listener.v3.Listener' },
      },
    ])
    const { envoy } = harness.connect({ id: 'p1' }, [])
    harness.settle()
    expect([...envoy.held.listener.keys()]).toEqual(['l'])
  })
})
