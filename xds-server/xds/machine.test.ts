/** The checklist of the discovery protocol (xds_protocol.rst and what Envoy is known to do), line by line. */
import { describe, expect, test } from 'vitest'
import type { ResourceType } from '../compile/model.ts'
import type { DeltaRequest, SotwRequest } from '../envoy/discovery.ts'
import type { Blob } from './blobs.ts'
import { type Effect, maxNames, newStream, type StreamState, step } from './machine.ts'
import { typeUrlOf } from './resource-types.ts'
import type { Sight, View } from './subscription.ts'
import { answerPatienceMs, type Protocol } from './turn.ts'

/** name → version; `wait` and `refused` are what they say. */
type World = Partial<Record<ResourceType, Readonly<Record<string, string>>>>

function aBlob(type: ResourceType, name: string, version: string): Blob {
  const verdict = version.startsWith('untested') ? ({ kind: 'untested' } as const) : ({ kind: 'accepted' } as const)
  return { type, name, version, value: Buffer.from(version), body: {}, rules: [], verdict }
}

function viewOf(type: ResourceType, world: World | undefined): View {
  const versions = world?.[type] ?? {}
  const see = (name: string): Sight => {
    const version = versions[name]
    if (!world || version === 'wait') return { kind: 'wait' }
    if (version === undefined) return { kind: 'absent' }
    const blob = aBlob(type, name, version)
    return version === 'refused' ? { kind: 'refused', blob } : { kind: 'present', blob }
  }
  return { known: world !== undefined, see, names: () => Object.keys(versions) }
}

/** `+` what a response carries, `-` what it removes; undefined when there is nothing to say. */
type Said = { type: ResourceType; resources: string[]; removed?: string[] } | undefined

/** A stream and the world it looks at; every request is followed by what the server says next. */
class Talk {
  state: StreamState
  world: World | undefined
  now = 0
  nonce = 0
  effects: Effect[] = []

  constructor(protocol: Protocol, world: World | undefined) {
    this.state = newStream(protocol)
    this.world = world
  }

  step(message: Parameters<typeof step>[1]): readonly Effect[] {
    const result = step(this.state, message, (type) => viewOf(type, this.world))
    this.state = result.state
    this.effects.push(...result.effects)
    return result.effects
  }

  delta(type: ResourceType, fields: Partial<DeltaRequest> = {}): Said {
    const empty = {
      node: undefined,
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map(),
      nonce: '',
      error: undefined,
    }
    this.step({ kind: 'delta', request: { ...empty, typeUrl: typeUrlOf(type), ...fields } })
    return this.turn()
  }

  sotw(type: ResourceType, fields: Partial<SotwRequest> = {}): Said {
    const empty = { node: undefined, names: [], version: '', nonce: '', error: undefined }
    this.step({ kind: 'sotw', request: { ...empty, typeUrl: typeUrlOf(type), ...fields } })
    return this.turn()
  }

  /** The world is another one now, and the stream is told which names changed. */
  change(world: World): Said {
    const before = this.world
    this.world = world
    for (const type of ['cluster', 'extension', 'listener'] as const) {
      const names = new Set([...Object.keys(before?.[type] ?? {}), ...Object.keys(world[type] ?? {})])
      const changed = [...names].filter((name) => before?.[type]?.[name] !== world[type]?.[name])
      this.step({ kind: 'changed', type, names: changed })
    }
    return this.turn()
  }

  /** What is said now; it counts as sent, under the next nonce. */
  turn(): Said {
    const [effect] = this.step({ kind: 'turn', now: this.now })
    if (effect?.kind !== 'respond') return undefined
    const { content } = effect
    this.nonce += 1
    this.step({ kind: 'sent', content, nonce: String(this.nonce), now: this.now })
    const resources = content.resources.map((blob) => `${blob.name}=${blob.version}`)
    return content.removed.length > 0
      ? { type: content.type, resources, removed: [...content.removed] }
      : { type: content.type, resources }
  }

  ack(type: ResourceType, fields: Partial<DeltaRequest & SotwRequest> = {}): Said {
    const answer = { nonce: String(this.nonce), ...fields }
    return this.state.protocol === 'delta' ? this.delta(type, answer) : this.sotw(type, answer)
  }

  nack(type: ResourceType, message: string, fields: Partial<SotwRequest> = {}): Said {
    return this.ack(type, { error: { code: 13, message }, ...fields })
  }

  outcomes(): string[] {
    return this.effects.flatMap((effect) => {
      if (effect.kind !== 'accepted' && effect.kind !== 'refused') return []
      return [`${effect.kind} ${[...effect.versions].map(([name, version]) => `${name}=${version}`).join(' ')}`]
    })
  }
}

const world = { cluster: { c: '1' }, extension: { e: '1', f: '1' }, listener: { l: '1', m: '1' } }
const both = ['delta', 'sotw'] as const

describe.each(both)('either protocol (%s)', (protocol) => {
  const talk = (at: World | undefined = world) => new Talk(protocol, at)
  const ask = (t: Talk, type: ResourceType, names: string[] = []) =>
    protocol === 'delta' ? t.delta(type, { subscribe: names }) : t.sotw(type, { names })

  test('an empty type_url breaks the protocol', () => {
    const t = talk()
    if (protocol === 'delta') t.delta('cluster', { typeUrl: '' })
    else t.sotw('cluster', { typeUrl: '' })
    expect(t.effects).toEqual([{ kind: 'invalid', message: 'type_url is empty' }])
  })

  test('a client that asks for names without end breaks the protocol', () => {
    const t = talk()
    ask(
      t,
      'extension',
      Array.from({ length: maxNames }, (_, index) => `n${index}`),
    )
    expect(t.effects.some(({ kind }) => kind === 'invalid')).toBe(false)
    ask(
      t,
      'extension',
      Array.from({ length: maxNames + 1 }, (_, index) => `n${index}`),
    )
    expect(t.effects.at(-1)).toEqual({ kind: 'invalid', message: 'more than 10000 names of one type' })
  })

  test('a type we do not serve gets silence, and keeps no other type from being served', () => {
    const t = talk()
    const typeUrl = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment'
    expect(protocol === 'delta' ? t.delta('cluster', { typeUrl }) : t.sotw('cluster', { typeUrl })).toBeUndefined()
    expect(ask(t, 'cluster')).toEqual({ type: 'cluster', resources: ['c=1'] })
  })

  test('an ACK is never answered, and what did not change is never sent', () => {
    const t = talk()
    ask(t, 'cluster')
    expect(t.ack('cluster')).toBeUndefined()
    expect(t.change({ ...world })).toBeUndefined()
    expect(t.outcomes()).toEqual(['accepted c=1'])
  })

  test('a NACK is error_detail with the nonce of the response; it is not retried until the content changes', () => {
    const t = talk({ cluster: { c: 'bad' } })
    ask(t, 'cluster')
    expect(t.nack('cluster', 'c: no')).toBeUndefined()
    expect(t.outcomes().at(-1)).toBe('refused c=bad')
    t.step({ kind: 'changed', type: 'cluster', names: ['c'] })
    expect(t.turn()).toBeUndefined()
    expect(t.change({ cluster: { c: '2' } })).toEqual({ type: 'cluster', resources: ['c=2'] })
  })

  test('each type has its own nonce and its own errors', () => {
    const t = talk()
    ask(t, 'cluster')
    const clusterNonce = String(t.nonce)
    expect(t.nack('listener', 'no', { nonce: clusterNonce })).toBeUndefined()
    expect(t.outcomes()).toEqual([])
    expect(t.ack('cluster', { nonce: clusterNonce })).toEqual({ type: 'listener', resources: ['l=1', 'm=1'] })
    expect(t.outcomes()).toEqual(['accepted c=1'])
  })

  test('a name that does not exist yet is sent when it appears', () => {
    const t = talk({ extension: {} })
    expect(ask(t, 'extension', ['e'])).toBeUndefined()
    expect(t.change({ extension: { e: '1' } })).toEqual({ type: 'extension', resources: ['e=1'] })
  })

  test('a stream whose class is not known yet is told everything when it is', () => {
    const t = talk()
    t.world = undefined
    expect(ask(t, 'cluster')).toBeUndefined()
    expect(ask(t, 'extension', ['e'])).toBeUndefined()
    t.world = world
    t.step({ kind: 'moved' })
    expect(t.turn()).toEqual({ type: 'cluster', resources: ['c=1'] })
    expect(t.ack('cluster')).toEqual({ type: 'extension', resources: ['e=1'] })
  })

  test('what is on its way when the class changes is taken back after its ACK', () => {
    const t = talk({ cluster: { c: '1' } })
    ask(t, 'cluster')
    t.world = { cluster: { d: '1' } }
    t.step({ kind: 'moved' })
    expect(t.turn()).toBeUndefined()
    expect(t.ack('cluster')).toEqual({ type: 'cluster', resources: ['d=1'] })
    const removal = { type: 'cluster', resources: [], removed: ['c'] }
    expect(t.ack('cluster')).toEqual(protocol === 'delta' ? removal : undefined)
  })

  test('a wildcard client is told so when there is nothing', () => {
    expect(ask(talk({}), 'listener')).toEqual({ type: 'listener', resources: [] })
  })

  test('the first answer comes in one piece: it waits for what is being tested', () => {
    const t = talk({ listener: { l: '1', m: 'wait' } })
    expect(ask(t, 'listener')).toBeUndefined()
    expect(t.change({ listener: { l: '1', m: '1' } })).toEqual({ type: 'listener', resources: ['l=1', 'm=1'] })
  })

  test('only one response per type is under way; what changes meanwhile is told once, after the ACK', () => {
    const t = talk({ cluster: { c: '1' } })
    ask(t, 'cluster')
    expect(t.change({ cluster: { c: '2' } })).toBeUndefined()
    expect(t.change({ cluster: { c: '3' } })).toBeUndefined()
    expect(t.ack('cluster')).toEqual({ type: 'cluster', resources: ['c=3'] })
  })

  test('extensions that no Envoy has taken go one by one, the others together', () => {
    const t = talk({ extension: { e: 'untested', f: '1', g: 'untested', h: '1' } })
    expect(ask(t, 'extension', ['e', 'f', 'g', 'h'])).toEqual({ type: 'extension', resources: ['f=1', 'h=1'] })
    const names = { names: ['e', 'f', 'g', 'h'] }
    expect(t.ack('extension', names)).toEqual({ type: 'extension', resources: ['e=untested'] })
    expect(t.ack('extension', names)).toEqual({ type: 'extension', resources: ['g=untested'] })
  })

  test('after a refused extension the last good one is sent again, because Envoy remembers the refused one', () => {
    const t = talk({ extension: { e: '1' } })
    ask(t, 'extension', ['e'])
    t.ack('extension', { names: ['e'] })
    t.change({ extension: { e: 'untested' } })
    t.world = { extension: { e: '1' } }
    expect(t.nack('extension', 'no', { names: ['e'] })).toEqual({ type: 'extension', resources: ['e=1'] })
  })

  test('an extension is never removed', () => {
    const t = talk({ extension: { e: '1' } })
    ask(t, 'extension', ['e'])
    t.ack('extension', { names: ['e'] })
    expect(t.change({ extension: {} })).toBeUndefined()
  })
})

describe('order', () => {
  test('clusters, then extensions, then listeners, each after the ACK of the one before', () => {
    const t = new Talk('delta', world)
    t.delta('cluster')
    t.delta('extension', { subscribe: ['e'] })
    t.delta('listener')
    expect(t.ack('cluster')).toEqual({ type: 'extension', resources: ['e=1'] })
    expect(t.ack('extension')).toEqual({ type: 'listener', resources: ['l=1', 'm=1'] })
    t.ack('listener')
    expect(t.change({ cluster: { c: '2' }, extension: { e: '2' }, listener: { l: '2' } })).toEqual({
      type: 'cluster',
      resources: ['c=2'],
    })
    expect(t.ack('cluster')).toEqual({ type: 'extension', resources: ['e=2'] })
    expect(t.ack('extension')).toEqual({ type: 'listener', resources: ['l=2'] })
  })

  test('make before break: a cluster goes after the listeners that used it were changed', () => {
    const t = new Talk('delta', { cluster: { old: '1' }, listener: { l: '1', gone: '1' } })
    t.delta('cluster')
    t.ack('cluster')
    t.delta('listener')
    t.ack('listener')
    expect(t.change({ cluster: { fresh: '1' }, listener: { l: '2' } })).toEqual({
      type: 'cluster',
      resources: ['fresh=1'],
    })
    expect(t.ack('cluster')).toEqual({ type: 'listener', resources: ['l=2'] })
    expect(t.ack('listener')).toEqual({ type: 'listener', resources: [], removed: ['gone'] })
    expect(t.ack('listener')).toEqual({ type: 'cluster', resources: [], removed: ['old'] })
    expect(t.ack('cluster')).toBeUndefined()
  })

  test('an answer that does not come holds up its own type, but the others only for so long', () => {
    const t = new Talk('delta', world)
    t.delta('cluster')
    expect(t.delta('listener')).toBeUndefined()
    t.now = answerPatienceMs
    expect(t.turn()).toEqual({ type: 'listener', resources: ['l=1', 'm=1'] })
    expect(t.change({ ...world, cluster: { c: '2' } })).toBeUndefined()
  })
})

describe('delta', () => {
  const started = (type: ResourceType, at: World, fields: Partial<DeltaRequest> = {}) => {
    const t = new Talk('delta', at)
    t.delta(type, fields)
    t.ack(type)
    return t
  }

  test('only what changed is sent, and what is gone is removed', () => {
    const t = started('listener', { listener: { l: '1', m: '1' } })
    expect(t.change({ listener: { l: '1', m: '2' } })).toEqual({ type: 'listener', resources: ['m=2'] })
    t.ack('listener')
    expect(t.change({ listener: { m: '2' } })).toEqual({ type: 'listener', resources: [], removed: ['l'] })
    t.ack('listener')
    expect(t.turn()).toBeUndefined()
  })

  test('subscription changes count even with a stale nonce, and the stale nonce answers nothing', () => {
    const t = started('extension', world, { subscribe: ['e'] })
    t.change({ ...world, extension: { e: '2', f: '1' } })
    expect(t.delta('extension', { subscribe: ['f'], nonce: '1' })).toBeUndefined()
    expect(t.outcomes()).toEqual(['accepted e=1'])
    expect(t.ack('extension')).toEqual({ type: 'extension', resources: ['f=1'] })
  })

  test('an ACK may carry subscription changes', () => {
    const t = new Talk('delta', world)
    t.delta('extension', { subscribe: ['e'] })
    expect(t.ack('extension', { subscribe: ['f'], unsubscribe: ['e'] })).toEqual({
      type: 'extension',
      resources: ['f=1'],
    })
    t.ack('extension')
    expect(t.change({ ...world, extension: { e: '2', f: '1' } })).toBeUndefined()
  })

  test('a name subscribed to again is answered again', () => {
    const t = started('extension', world, { subscribe: ['e'] })
    expect(t.delta('extension', { subscribe: ['e'] })).toEqual({ type: 'extension', resources: ['e=1'] })
  })

  test('unsubscribing what was never subscribed to is ignored', () => {
    const t = started('extension', world, { subscribe: ['e'] })
    expect(t.delta('extension', { unsubscribe: ['f', '*'] })).toBeUndefined()
    expect(t.change({ ...world, extension: { e: '2' } })).toEqual({ type: 'extension', resources: ['e=2'] })
  })

  test('also under a wildcard', () => {
    const t = started('listener', { listener: { l: '1' } })
    expect(t.delta('listener', { unsubscribe: ['l'] })).toBeUndefined()
  })

  test('unsubscribing a name under a wildcard is answered with what it is now', () => {
    const t = started('listener', { listener: { l: '1' } }, { subscribe: ['*', 'l', 'x'] })
    expect(t.delta('listener', { unsubscribe: ['l'] })).toEqual({ type: 'listener', resources: ['l=1'] })
    t.ack('listener')
    expect(t.delta('listener', { unsubscribe: ['x'] })).toEqual({ type: 'listener', resources: [], removed: ['x'] })
  })

  test('dropping the wildcard keeps the names', () => {
    const t = started('listener', { listener: { l: '1', m: '1' } }, { subscribe: ['*', 'l'] })
    t.delta('listener', { unsubscribe: ['*'] })
    expect(t.change({ listener: { l: '2', m: '2' } })).toEqual({ type: 'listener', resources: ['l=2'] })
  })

  test('a name that was asked for and does not exist is answered with its removal, once', () => {
    const t = new Talk('delta', { listener: { l: '1' } })
    expect(t.delta('listener', { subscribe: ['x', 'l'] })).toEqual({
      type: 'listener',
      resources: ['l=1'],
      removed: ['x'],
    })
    t.ack('listener')
    t.step({ kind: 'changed', type: 'listener', names: ['x'] })
    expect(t.turn()).toBeUndefined()
  })

  test('a first request with names is no wildcard', () => {
    const t = new Talk('delta', { listener: { l: '1', m: '1' } })
    expect(t.delta('listener', { subscribe: ['l'] })).toEqual({ type: 'listener', resources: ['l=1'] })
  })

  test('a reconnect where nothing changed sends no extension', () => {
    const t = new Talk('delta', world)
    const initialVersions = new Map([
      ['e', '1'],
      ['f', 'old'],
    ])
    expect(t.delta('extension', { subscribe: ['e', 'f'], initialVersions })).toEqual({
      type: 'extension',
      resources: ['f=1'],
    })
    expect(t.effects.find((effect) => effect.kind === 'holds')).toMatchObject({ versions: initialVersions })
  })

  test('versions that a reconnecting Envoy reports for listeners are not believed; names that are gone are removed', () => {
    const t = new Talk('delta', { listener: { l: '1' } })
    const initialVersions = new Map([
      ['l', '1'],
      ['gone', '1'],
    ])
    expect(t.delta('listener', { initialVersions })).toEqual({ type: 'listener', resources: ['l=1'] })
    expect(t.ack('listener')).toEqual({ type: 'listener', resources: [], removed: ['gone'] })
  })

  test('not even where the class becomes known later', () => {
    const t = new Talk('delta', undefined)
    t.delta('listener', { initialVersions: new Map([['l', '1']]) })
    t.world = { listener: { l: '1' } }
    t.step({ kind: 'moved' })
    expect(t.turn()).toEqual({ type: 'listener', resources: ['l=1'] })
  })

  test('what is gone for this server but under test is not removed from a reconnecting Envoy', () => {
    const t = new Talk('delta', { listener: { l: 'refused', m: '1' } })
    const initialVersions = new Map([['l', 'good']])
    expect(t.delta('listener', { initialVersions })).toEqual({ type: 'listener', resources: ['m=1'] })
    expect(t.ack('listener')).toBeUndefined()
  })

  test('a NACK of several listeners is tied to a name by sending them one by one', () => {
    const t = new Talk('delta', { listener: { l: 'bad', m: '1' } })
    t.delta('listener')
    expect(t.nack('listener', 'no')).toEqual({ type: 'listener', resources: ['l=bad'] })
    expect(t.outcomes()).toEqual([])
    expect(t.nack('listener', 'no')).toEqual({ type: 'listener', resources: ['m=1'] })
    expect(t.ack('listener')).toBeUndefined()
    expect(t.outcomes()).toEqual(['refused l=bad', 'accepted m=1'])
  })

  test('a NACK of several extensions blames all, and gives the others another chance', () => {
    const t = new Talk('delta', { extension: { e: '1', f: '1' } })
    t.delta('extension', { subscribe: ['e', 'f'] })
    expect(t.nack('extension', 'no')).toEqual({ type: 'extension', resources: ['e=1'] })
    expect(t.ack('extension')).toEqual({ type: 'extension', resources: ['f=1'] })
    expect(t.ack('extension')).toBeUndefined()
    expect(t.outcomes()).toEqual(['refused e=1 f=1', 'accepted e=1', 'accepted f=1'])
  })
})

describe('state of the world', () => {
  test('listeners come whole every time, and what is left out is gone', () => {
    const t = new Talk('sotw', { listener: { l: '1', m: '1' } })
    t.sotw('listener')
    t.ack('listener')
    expect(t.change({ listener: { l: '1', m: '2' } })).toEqual({ type: 'listener', resources: ['l=1', 'm=2'] })
    t.ack('listener')
    expect(t.change({ listener: { m: '2' } })).toEqual({ type: 'listener', resources: ['m=2'] })
    t.ack('listener')
    expect(t.change({ listener: {} })).toEqual({ type: 'listener', resources: [] })
    expect(t.ack('listener')).toBeUndefined()
  })

  test('extensions come only where they changed', () => {
    const t = new Talk('sotw', world)
    t.sotw('extension', { names: ['e', 'f'] })
    t.ack('extension', { names: ['e', 'f'] })
    expect(t.change({ ...world, extension: { e: '1', f: '2' } })).toEqual({ type: 'extension', resources: ['f=2'] })
  })

  test('a request with a stale nonce is not answered; the newest supersedes', () => {
    const t = new Talk('sotw', world)
    t.sotw('extension', { names: ['e'] })
    t.ack('extension', { names: ['e'] })
    t.change({ ...world, extension: { e: '2', f: '1' } })
    expect(t.sotw('extension', { names: ['f'], nonce: '1' })).toBeUndefined()
    expect(t.sotw('extension', { names: ['e'], nonce: '2' })).toBeUndefined()
    expect(t.outcomes()).toEqual(['accepted e=1', 'accepted e=2'])
  })

  test('names added with the current nonce are answered even where nothing changed', () => {
    const t = new Talk('sotw', world)
    t.sotw('extension', { names: ['e'] })
    t.ack('extension', { names: ['e'] })
    expect(t.ack('extension', { names: ['e', 'f'] })).toEqual({ type: 'extension', resources: ['f=1'] })
  })

  test('an empty list is a wildcard only while no name was ever given', () => {
    const t = new Talk('sotw', { listener: { l: '1', m: '1' } })
    expect(t.sotw('listener', { names: ['l'] })).toEqual({ type: 'listener', resources: ['l=1'] })
    expect(t.ack('listener', { names: [] })).toBeUndefined()
    expect(t.change({ listener: { l: '2', m: '2' } })).toBeUndefined()
  })

  test('a star and names may come together; a star that is left out later is dropped', () => {
    const t = new Talk('sotw', { listener: { l: '1', m: '1' } })
    expect(t.sotw('listener', { names: ['*', 'l'] })).toEqual({ type: 'listener', resources: ['l=1', 'm=1'] })
    t.ack('listener', { names: ['l'] })
    expect(t.change({ listener: { l: '2', m: '2' } })).toEqual({ type: 'listener', resources: ['l=2'] })
  })

  test('a first request with a version and a nonce of an earlier stream is answered whole', () => {
    const t = new Talk('sotw', { listener: { l: '1' } })
    expect(t.sotw('listener', { version: '7', nonce: '7' })).toEqual({ type: 'listener', resources: ['l=1'] })
  })

  test('what waits for a test holds the whole back; what was refused is named, so that the last good is not deleted', () => {
    const t = new Talk('sotw', { listener: { l: '1', m: '1' } })
    t.sotw('listener')
    t.ack('listener')
    expect(t.change({ listener: { l: '2', m: 'wait' } })).toBeUndefined()
    expect(t.change({ listener: { l: '2', m: 'refused' } })).toEqual({
      type: 'listener',
      resources: ['l=2', 'm=refused'],
    })
  })

  test('of a whole response only what Envoy names is guilty, and all that is new where it names nothing', () => {
    const named = new Talk('sotw', { listener: { 'in|80': '1', 'in|8080': 'bad' } })
    named.sotw('listener')
    named.nack('listener', 'Error adding/updating listener(s) in|8080: not like in|80')
    expect(named.outcomes()).toEqual(['accepted in|80=1', 'refused in|8080=bad'])
    const unnamed = new Talk('sotw', { listener: { l: 'bad', m: '1' } })
    unnamed.sotw('listener')
    unnamed.nack('listener', 'no')
    expect(unnamed.outcomes().at(-1)).toBe('refused l=bad m=1')
  })
})
