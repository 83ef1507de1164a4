import { expect, test } from 'vitest'
import { aGroup, aWorkload, aWorld } from '../../test/support/builders.ts'
import { directory } from '../policy/directory.ts'
import type { Group, Mode } from '../policy/model.ts'
import { openStore } from '../store/sqlite.ts'
import { PastPolicy } from './past-policy.ts'

const app = aWorkload('app', { ips: ['10.42.0.11'] })
const db = aWorkload('db', { ips: ['10.42.0.13'] })

/** A store whose first revisions are of 1000, and which is then saved to at the times the test says. */
function aPast(label: string) {
  let now = 1_000
  const onWatcherError = (error: unknown) => {
    throw error
  }
  const store = openStore({ path: ':memory:', now: () => now, onWatcherError })
  const world = aWorld({ workloads: [app, db], namespaces: { yelb: { 'postern.dev/mode': label } } })
  const present = () =>
    directory({
      ...world,
      policy: { ...world.policy, groups: store.read('groups').value, settings: store.read('settings').value },
    })
  const past = new PastPolicy({ store, directory: present })
  return {
    past,
    clusterMode(at: number, mode: Mode | null) {
      now = at
      const { revision, value } = store.read('settings')
      store.write({ document: 'settings', value: { ...value, mode }, base: revision, author: 'test', summary: '' })
    },
    groups(at: number, ...groups: readonly Group[]) {
      now = at
      const { revision } = store.read('groups')
      store.write({ document: 'groups', value: groups, base: revision, author: 'test', summary: '' })
    },
    modes: (...times: readonly number[]) =>
      times.map((time) => past.mode(time, present().endpoint(app.ips[0]!), present().endpoint(db.ips[0]!))),
  }
}

test('the mode of a time is that of the settings and groups of then; of now it has nothing to add', () => {
  const it = aPast('monitor')
  expect(it.modes(1_000, 5_000)).toEqual([undefined, undefined])
  it.groups(2_000, aGroup('lb', { addresses: ['198.51.100.1'] }), aGroup('nv.db.yelb', { mode: 'discover' }))
  it.clusterMode(3_000, 'protect')
  expect(it.modes(1_999, 2_000, 2_999, 3_000)).toEqual(['monitor', 'discover', 'discover', undefined])
  it.clusterMode(4_000, null)
  expect(it.modes(1_999, 2_999, 3_000, 3_999, 4_000)).toEqual(['monitor', 'discover', 'protect', 'protect', undefined])
})

test('what began before anything that is kept is judged by the oldest that is', () => {
  const it = aPast('monitor')
  it.clusterMode(2_000, 'protect')
  expect(it.modes(0)).toEqual(['monitor'])
})

test('more pasts than are kept ready are right all the same', () => {
  const it = aPast('monitor')
  const wanted = Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? 'protect' : 'discover'))
  for (const [n, mode] of wanted.entries()) it.clusterMode(2_000 + n, mode)
  const times = wanted.map((_, n) => 2_000 + n).slice(0, -1)
  expect([it.modes(...times), it.modes(...times)]).toEqual([wanted.slice(0, -1), wanted.slice(0, -1)])
})

test('says whether rules, groups or settings were changed since', () => {
  const it = aPast('monitor')
  it.groups(2_000, aGroup('lb', { addresses: ['198.51.100.1'] }))
  expect([it.past.changedSince(1_999), it.past.changedSince(2_000)]).toEqual([true, false])
})
