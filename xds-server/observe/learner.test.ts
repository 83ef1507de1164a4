import pino from 'pino'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, test } from 'vitest'
import { aGroup, aRule, tcp } from '../../test/support/builders.ts'
import { formatPorts } from '../policy/ports.ts'
import type { Store } from '../store/model.ts'
import type { NewEvent } from './events.ts'
import { Judge } from './judgement.ts'
import { Learner, maxWaiting } from './learner.ts'
import { createMetrics } from './metrics.ts'
import type { AccessRecord } from './model.ts'
import { tickMilliseconds } from './observer.ts'
import { PastPolicy } from './past-policy.ts'
import { aConnection, appToDb, type Observed, observed } from './testdata/observed.ts'
import { aRequest, aStart } from './testdata/records.ts'

const open: { close: () => void }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})
const begin = (options: Parameters<typeof observed>[0] = {}): Observed => {
  const one = observed(options)
  open.push(one)
  return one
}
const rules = ({ store }: Observed) =>
  store.read('rules').value.map((r) => [r.from, r.to, r.applications.join(), formatPorts(r.ports), r.origin])
const see = (one: Observed, ...records: AccessRecord[]) => {
  one.observer.accept(records)
  one.clock.pass(tickMilliseconds)
}
/** A connection that begins now. */
const fresh = ({ clock }: Observed, more: Partial<AccessRecord> = {}) =>
  aConnection({ stream: `s${clock.now()}`, at: clock.now(), startedAt: clock.now(), ...more })
const learned = ['nv.app.yelb', 'nv.db.yelb', 'postgresql', '5432', 'learned']
const from = (ip: string) => ({ source: { ip, port: 1 } })

describe('traffic in Discover', () => {
  test('becomes a rule with its application and port, written by the learner', () => {
    const one = begin()
    see(one, aConnection())
    expect(rules(one)).toEqual([learned])
    expect(one.store.history('rules', 1)).toMatchObject([
      { author: 'learner', summary: 'learned nv.app.yelb → nv.db.yelb postgresql/5432' },
    ])
  })

  test('is learned while its connection is open, from the moment its application is known', () => {
    const one = begin()
    see(one, aStart(appToDb))
    expect(rules(one)).toEqual([])
    see(one, aConnection({ phase: 'connected', shadow: { rule: 'default', denied: true } }))
    expect(rules(one)).toEqual([learned])
  })

  test('adds its ports to the rule there is, and makes no revision when nothing is new', () => {
    const one = begin()
    see(one, aConnection(), aConnection({ stream: 's2', destination: { ip: '10.42.0.13', port: 5433 } }))
    see(one, aConnection({ stream: 's3' }))
    expect(rules(one)).toEqual([learned.with(3, '5432,5433')])
    expect(one.store.read('rules').revision).toBe(3)
  })

  test('that was under way while a rule was learned is learned into it, too', () => {
    const one = begin()
    see(one, aConnection())
    const other = fresh(one, { destination: { ip: '10.42.0.13', port: 5440 } })
    one.clock.pass(100)
    see(one, fresh(one, { destination: { ip: '10.42.0.13', port: 5450 } }))
    see(one, other)
    expect(rules(one)).toEqual([learned.with(3, '5432,5440,5450')])
  })

  test('names the narrowest address group of a peer, and nobody who is nobody', () => {
    const groups = [aGroup('lb', { addresses: ['198.51.100.1'] })]
    const one = begin({ parts: { groups } })
    const http = { ...appToDb, shadow: undefined, destination: { ip: '10.42.0.11', port: 80 } }
    see(
      one,
      { ...aRequest('GET', '/', http), ...from('198.51.100.1') },
      { ...aRequest('GET', '/', http), ...from('10.42.9.9') },
    )
    expect(rules(one)).toEqual([['lb', 'nv.app.yelb', 'http', '80', 'learned']])
  })

  test.each([
    ['in Monitor', { mode: 'monitor' as const }, {}],
    ['that a rule decides', { parts: { rules: [aRule('any', 'nv.db.yelb')] } }, {}],
    [
      'that people ignore',
      { parts: { ignored: [{ from: 'nv.app.yelb', to: 'nv.db.yelb', application: 'postgresql' }] } },
      {},
    ],
    ['that never said a word', {}, { application: undefined, bytesReceived: 0 }],
    ['that was denied', {}, { shadow: { rule: 'default', denied: true }, enforced: { rule: 'default', denied: true } }],
  ])('%s is not learned', (_, options, more) => {
    const one = begin(options)
    const before = rules(one)
    see(one, aConnection(more))
    expect(rules(one)).toEqual(before)
  })
})

describe('a learned rule that was deleted', () => {
  const remove = ({ store }: Observed) => {
    const { value, revision } = store.read('rules')
    const kept = value.filter((rule) => rule.origin !== 'learned')
    store.write({ document: 'rules', value: kept, base: revision, author: 'cli:ann', summary: 'without it' })
  }

  test('comes back by traffic that is seen afterwards, not by what had been seen before', () => {
    const one = begin()
    see(one, aConnection())
    const before = fresh(one)
    one.clock.pass(100)
    // Waits for the next round.
    one.observer.accept([fresh(one, { destination: { ip: '10.42.0.13', port: 5433 } })])
    remove(one)
    one.clock.pass(tickMilliseconds)
    see(one, before)
    expect(rules(one)).toEqual([])
    see(one, fresh(one))
    expect(rules(one)).toEqual([learned])
  })

  test('comes back by a connection that lives on, when it carries more', () => {
    const one = begin()
    const shadow = { rule: 'learned-x', denied: false }
    see(one, aConnection({ phase: 'connected', shadow }))
    one.clock.pass(10_000)
    remove(one)
    const later = (phase: AccessRecord['phase'], bytesReceived: number) =>
      aConnection({ phase, shadow, at: one.clock.now(), bytesReceived })
    one.clock.pass(500)
    see(one, later('periodic', 200))
    one.clock.pass(30_000)
    see(one, later('periodic', 200))
    expect(rules(one)).toEqual([])
    see(one, later('periodic', 201))
    expect(rules(one)).toEqual([learned])
  })

  test('does not keep other traffic from being learned', () => {
    const one = begin()
    see(one, aConnection())
    const other = fresh(one, { application: 'redis', destination: { ip: '10.42.0.13', port: 6379 } })
    one.clock.pass(100)
    remove(one)
    see(one, other)
    expect(rules(one)).toEqual([['nv.app.yelb', 'nv.db.yelb', 'redis', '6379', 'learned']])
  })
})

/** A learner alone, on a store that can be disturbed. */
function aLearner(store: Store, one: Observed) {
  const metrics = createMetrics(new Registry())
  const log = pino({ level: 'silent' })
  const events: NewEvent[] = []
  const learner = new Learner({
    store,
    directory: one.directory,
    metrics,
    log,
    now: one.clock.now,
    onEvent: (e) => events.push(e),
  })
  const past = new PastPolicy({ store: one.store, directory: one.directory })
  const judge = new Judge({ directory: one.directory, past, metrics, log, now: one.clock.now })
  const observe = (record: AccessRecord) => {
    const judged = judge.judge(record)
    const { bytesReceived, bytesSent } = record
    const delta = { record, connections: 1, requests: 0, bytesReceived, bytesSent, place: undefined } as const
    if (judged !== 'probe') learner.observe(delta, judged)
  }
  const count = async (name: 'learnConflicts' | 'learnDropped') => (await metrics[name].get()).values[0]?.value
  open.push(learner)
  return { learner, observe, count, events }
}

describe('somebody else who saves', () => {
  const mine = aRule('nv.db.yelb', 'nv.app.yelb', { id: 'mine', ports: tcp(80) })
  /** Each write of the learner finds that somebody was faster, `times` times. */
  const disturbed = ({ store }: Observed, times: number): Store => {
    let left = times
    return {
      ...methodsOf(store),
      write(write) {
        if (write.author === 'learner' && left-- > 0) {
          const { revision, value } = store.read('rules')
          const rule = { ...mine, id: `mine-${left}` }
          store.write({ document: 'rules', value: [...value, rule], base: revision, author: 'cli:ann', summary: '' })
        }
        return store.write(write)
      },
    }
  }

  test('is not overwritten: the learner looks again', async () => {
    const one = begin()
    const { learner, observe, count } = aLearner(disturbed(one, 2), one)
    observe(aConnection())
    learner.tick()
    expect(one.store.read('rules').value.map((r) => r.origin)).toEqual(['user', 'user', 'learned'])
    expect(await count('learnConflicts')).toBe(2)
  })

  test('is not overwritten, either, where the World is still the one before', () => {
    const one = begin()
    const world = one.directory()
    const { learner, observe } = aLearner(one.store, { ...one, directory: () => world })
    observe(aConnection())
    const base = one.store.read('rules').revision
    one.store.write({ document: 'rules', value: [mine], base, author: 'cli:ann', summary: '' })
    learner.tick()
    expect(rules(one).map((r) => r.at(-1))).toEqual(['user', 'learned'])
  })

  test('all the time is not waited for: the next round tries again', () => {
    const one = begin()
    const { learner, observe } = aLearner(disturbed(one, 3), one)
    observe(aConnection())
    learner.tick()
    expect(rules(one).map((r) => r.at(-1))).toEqual(['user', 'user', 'user'])
    learner.tick()
    expect(rules(one).at(-1)).toEqual(learned)
  })
})

const methodsOf = (store: Store): Store => ({
  read: (document) => store.read(document),
  write: (write) => store.write(write),
  history: (document, limit) => store.history(document, limit),
  at: (document, revision) => store.at(document, revision),
  watch: (listener) => store.watch(listener),
  close: () => store.close(),
})

test('too many kinds of traffic at once are dropped and counted', async () => {
  const one = begin()
  const { observe, count } = aLearner(one.store, one)
  for (let port = 1; port <= maxWaiting + 2; port++) observe(aConnection({ destination: { ip: '10.42.0.13', port } }))
  expect(await count('learnDropped')).toBe(2)
})

test('a full rule list is an event', () => {
  const one = begin({
    parts: { rules: Array.from({ length: 10_000 }, (_, i) => aRule('nodes', 'dns', { id: `r${i}` })) },
  })
  const { learner, observe, events } = aLearner(one.store, one)
  observe(aConnection())
  learner.tick()
  expect(events.map((e) => e.kind)).toEqual(['enforcement'])
  expect(one.store.read('rules').value).toHaveLength(10_000)
})
