import { describe, expect, test } from 'vitest'
import { aGroup, aWorkload, aWorld, type WorldParts } from '../../test/support/builders.ts'
import { directory } from './directory.ts'
import type { Settings } from './model.ts'
import { type Clocks, maxWatched, type Watching, watch } from './promote.ts'

const hour = 3_600_000
const [ui, db] = [aWorkload('ui'), aWorkload('db')]
const both: Settings['autoPromote'] = { toMonitor: 2, toProtect: 3 }

/** A cluster that is looked at every hour; the test says what changed and who was violated in that hour. */
function aCluster(parts: WorldParts = {}) {
  let clocks: Clocks = new Map()
  let now: WorldParts = { workloads: [ui], ...parts, settings: { autoPromote: both, ...parts.settings } }
  const look = (change: WorldParts = {}, ...violated: readonly string[]): Watching => {
    now = { ...now, ...change, settings: { ...now.settings, ...change.settings } }
    const seen = { directory: directory(aWorld(now)), elapsedMs: hour, violated: (g: string) => violated.includes(g) }
    const watching = watch(clocks, seen)
    clocks = watching.clocks
    return watching
  }
  return {
    look,
    promoted: (change: WorldParts = {}, ...violated: readonly string[]) =>
      look(change, ...violated).promotions.map(({ group, mode, hours }) => [group, mode, hours]),
    clocks: () => [...clocks].map(([group, { mode, ms }]) => [group, mode, ms / hour]),
  }
}

const toMonitor = ['nv.ui.yelb', 'monitor', 2]
const toProtect = ['nv.ui.yelb', 'protect', 3]

test('a group is promoted after its hours in Discover, and after those in Monitor, and then stays', () => {
  const it = aCluster()
  expect([it.promoted(), it.promoted(), it.promoted()]).toEqual([[], [], [toMonitor]])
  const monitored = { groups: [aGroup('nv.ui.yelb', { mode: 'monitor' })] }
  expect([it.promoted(monitored), it.promoted(), it.promoted(), it.promoted()]).toEqual([[], [], [], [toProtect]])
  const protect = { groups: [aGroup('nv.ui.yelb', { mode: 'protect' })] }
  expect([it.promoted(protect), it.clocks()]).toEqual([[], []])
})

describe('the clock of a group', () => {
  test('begins anew with a violation', () => {
    const it = aCluster({ workloads: [ui, db] })
    it.look()
    it.look()
    expect(it.promoted({}, 'nv.ui.yelb')).toEqual([['nv.db.yelb', 'monitor', 2]])
    expect(it.clocks()).toEqual([
      ['nv.db.yelb', 'discover', 2],
      ['nv.ui.yelb', 'discover', 0],
    ])
  })

  test('begins anew with another mode, whoever set it', () => {
    const it = aCluster()
    it.look()
    it.look()
    it.look({ namespaces: { yelb: { 'postern.dev/mode': 'monitor' } } })
    expect(it.clocks()).toEqual([['nv.ui.yelb', 'monitor', 0]])
  })

  test('stands while the group has no member with a sidecar', () => {
    const it = aCluster()
    it.look()
    it.look()
    for (const workloads of [[], [{ ...ui, managed: false }]]) it.look({ workloads })
    expect(it.clocks()).toEqual([['nv.ui.yelb', 'discover', 1]])
    expect(it.promoted({ workloads: [ui] })).toEqual([toMonitor])
  })

  test('stands while the cluster’s override decides, and nobody is promoted', () => {
    const it = aCluster()
    it.look()
    it.look()
    for (const mode of ['monitor', 'discover'] as const) it.look({ settings: { mode } })
    expect(it.clocks()).toEqual([['nv.ui.yelb', 'discover', 1]])
    expect(it.promoted({ settings: { mode: null } })).toEqual([toMonitor])
  })

  test('runs only in a mode that is promoted', () => {
    const it = aCluster({ settings: { autoPromote: { toMonitor: null, toProtect: 1 } } })
    expect([it.promoted(), it.promoted(), it.clocks()]).toEqual([[], [], []])
    it.look({ settings: { autoPromote: both } })
    expect(it.clocks()).toEqual([['nv.ui.yelb', 'discover', 0]])
  })
})

test('past the bound those seen longest ago are forgotten', () => {
  const it = aCluster()
  it.look()
  const crowd = Array.from({ length: maxWatched }, (_, n) => aWorkload(`w${n}`, { ips: [] }))
  it.look({ workloads: crowd })
  expect([it.clocks().length, it.clocks().some(([group]) => group === 'nv.ui.yelb')]).toEqual([maxWatched, false])
})
