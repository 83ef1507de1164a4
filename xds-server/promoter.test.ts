import { afterEach, expect, test } from 'vitest'
import { aGroup, aRule } from '../test/support/builders.ts'
import { maxInBucket } from './observe/conversations.ts'
import { manualClock } from './observe/testdata/clock.ts'
import { aConnection, observed } from './observe/testdata/observed.ts'
import { epoch } from './observe/testdata/records.ts'
import { directory } from './policy/directory.ts'
import type { Settings } from './policy/model.ts'
import { lookEveryMs, promoter } from './promoter.ts'

const hour = 3_600_000
const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0).reverse()) close()
})

/** The observer's cluster (app → db) with auto-promotion on, each after an hour. */
function aCluster() {
  const one = observed({ clock: manualClock(epoch - 1_000) })
  open.push(one.close)
  const { store, observer, clock } = one
  const failures: unknown[] = []
  const begin = (directory = one.directory) => {
    const { conversations } = observer
    const stop = promoter({ store, directory, conversations, clock, onFailed: (error) => failures.push(error) })
    open.push(stop)
    return stop
  }
  const settings = (more: Partial<Settings>) => {
    const { revision, value } = store.read('settings')
    store.write({ document: 'settings', value: { ...value, ...more }, base: revision, author: 'test', summary: '' })
  }
  settings({ mode: null, autoPromote: { toMonitor: 1, toProtect: 1 } })
  return {
    ...one,
    failures,
    begin,
    settings,
    write: (...groups: ReturnType<typeof aGroup>[]) => {
      const base = store.read('groups').revision
      store.write({ document: 'groups', value: groups, base, author: 'test', summary: '' })
    },
    modes: () =>
      store.read('groups').value.map((group) => [group.name, group.kind === 'learned' ? group.mode : group.kind]),
    speaks: (stream: string) => {
      const at = clock.now()
      observer.accept([aConnection({ stream, at, startedAt: at, shadow: { rule: 'default', denied: true } })])
    },
    audits: () =>
      observer.events
        .query({ kind: 'audit', limit: 9 })
        .flatMap(({ message }) => (/auto/.test(message) ? message : [])),
  }
}

const modes = (app: string, db: string) => [
  ['nv.app.yelb', app],
  ['nv.db.yelb', db],
]

test('groups go to Monitor and to Protect after their hours, each a revision that people see as an event', () => {
  const it = aCluster()
  it.begin()
  it.clock.pass(hour)
  expect(it.modes()).toEqual([])
  it.clock.pass(lookEveryMs)
  expect(it.modes()).toEqual(modes('monitor', 'monitor'))
  it.clock.pass(hour + lookEveryMs)
  expect(it.modes()).toEqual(modes('protect', 'protect'))
  const revision = it.store.read('groups').revision
  it.clock.pass(2 * hour)
  expect(it.store.read('groups').revision).toBe(revision)
  expect(it.audits()).toEqual([
    'auto-promotion changed the groups (revision 3): nv.app.yelb to protect after 1 h, nv.db.yelb to protect after 1 h',
    'auto-promotion changed the groups (revision 2): nv.app.yelb to monitor after 1 h, nv.db.yelb to monitor after 1 h',
  ])
  expect(it.failures).toEqual([])
})

test('a violation keeps both its ends where they are for their hours more', () => {
  const it = aCluster()
  it.write(aGroup('nv.app.yelb', { mode: 'protect' }), aGroup('nv.db.yelb', { mode: 'monitor' }))
  it.begin()
  it.clock.pass(hour)
  it.speaks('s1')
  it.clock.pass(hour)
  expect(it.modes()).toEqual(modes('protect', 'monitor'))
  it.clock.pass(2 * lookEveryMs)
  expect(it.modes()).toEqual(modes('protect', 'protect'))
})

test('a violation that lives on keeps it, until a rule allows it', () => {
  const it = aCluster()
  it.write(aGroup('nv.app.yelb', { mode: 'protect' }), aGroup('nv.db.yelb', { mode: 'monitor' }))
  it.begin()
  const startedAt = it.clock.now()
  const goesOn = (minutes: number) => {
    for (let i = 0; i < minutes; i++) {
      it.clock.pass(lookEveryMs)
      const shadow = { rule: 'default', denied: true }
      it.observer.accept([aConnection({ phase: 'periodic', at: it.clock.now(), startedAt, shadow })])
    }
  }
  goesOn(130)
  expect(it.modes()).toEqual(modes('protect', 'monitor'))
  const { revision } = it.store.read('rules')
  const value = [aRule('nv.app.yelb', 'nv.db.yelb')]
  it.store.write({ document: 'rules', value, base: revision, author: 'test', summary: '' })
  goesOn(63)
  expect(it.modes()).toEqual(modes('protect', 'protect'))
})

test('a new violation counts, whatever is allowed since', () => {
  const it = aCluster()
  it.write(aGroup('nv.app.yelb', { mode: 'protect' }), aGroup('nv.db.yelb', { mode: 'monitor' }))
  it.begin()
  it.clock.pass(hour)
  it.speaks('s1')
  const { revision } = it.store.read('rules')
  const value = [aRule('nv.app.yelb', 'nv.db.yelb')]
  it.store.write({ document: 'rules', value, base: revision, author: 'test', summary: '' })
  it.clock.pass(lookEveryMs)
  expect(it.modes()).toEqual(modes('protect', 'monitor'))
})

test('a violation that could not be told apart from others may be anybody’s', () => {
  const it = aCluster()
  it.write(aGroup('nv.db.yelb', { mode: 'monitor' }))
  it.begin()
  it.clock.pass(hour)
  const at = it.clock.now()
  const destination = (port: number) => ({ ip: '10.42.9.9', port })
  const crowd = Array.from({ length: maxInBucket }, (_, n) =>
    aConnection({
      stream: `c${n}`,
      at,
      startedAt: at,
      destination: destination(n),
      shadow: { rule: 'r', denied: false },
    }),
  )
  const source = { ip: '198.51.100.7', port: 1 }
  it.observer.accept([...crowd, aConnection({ at, startedAt: at, source, shadow: { rule: 'default', denied: true } })])
  it.clock.pass(lookEveryMs)
  expect(it.modes()).toEqual([['nv.db.yelb', 'monitor']])
})

test('what was watched survives a restart; the time in between was watched by nobody', () => {
  const it = aCluster()
  const stop = it.begin()
  it.clock.pass(hour / 2)
  stop()
  it.clock.pass(5 * hour)
  it.begin()
  it.clock.pass(hour / 2)
  expect(it.modes()).toEqual([])
  it.clock.pass(lookEveryMs)
  expect(it.modes()).toEqual(modes('monitor', 'monitor'))
})

test('a machine that slept has not watched', () => {
  const it = aCluster()
  let slept = 0
  const { conversations } = it.observer
  const clock = { now: () => it.clock.now() + slept, every: it.clock.every }
  const { store, directory } = it
  open.push(promoter({ store, directory, conversations, clock, onFailed: (error) => it.failures.push(error) }))
  it.clock.pass(2 * lookEveryMs)
  slept = 10 * hour
  it.clock.pass(10 * lookEveryMs)
  expect([it.modes(), it.failures]).toEqual([[], []])
})

test('off, it writes nothing; turned off, it forgets', () => {
  const it = aCluster()
  it.settings({ autoPromote: { toMonitor: null, toProtect: null } })
  it.begin()
  it.clock.pass(hour)
  expect(it.store.getMeta('auto-promotion')).toBeUndefined()
  it.settings({ autoPromote: { toMonitor: 1, toProtect: null } })
  it.clock.pass(hour)
  it.settings({ autoPromote: { toMonitor: null, toProtect: null } })
  it.clock.pass(lookEveryMs)
  expect([it.store.getMeta('auto-promotion'), it.modes()]).toEqual(['[]', []])
})

test('what somebody has just set is not set back, though the World is still the one before', () => {
  const it = aCluster()
  const stale = it.directory()
  it.begin(() => directory(stale.world))
  it.clock.pass(hour)
  it.write(aGroup('nv.app.yelb', { mode: 'protect' }))
  it.clock.pass(lookEveryMs)
  expect(it.modes()).toEqual(modes('protect', 'monitor'))
})

test('a look that fails is reported, and the next one goes on', () => {
  const it = aCluster()
  let broken = true
  it.begin(() => {
    if (broken) throw new Error('broken')
    return it.directory()
  })
  it.clock.pass(lookEveryMs)
  broken = false
  it.clock.pass(hour + 2 * lookEveryMs)
  expect([it.failures, it.modes()]).toEqual([[new Error('broken')], modes('monitor', 'monitor')])
})
