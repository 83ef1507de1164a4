import { describe, expect, test } from 'vitest'
import { aFlow, aGroup, aWorkload, aWorld, type WorldParts } from '../../test/support/builders.ts'
import { directory } from './directory.ts'
import { resolveMode } from './mode.ts'
import type { Mode, ModeResolution } from './model.ts'

const modeIn = (parts: WorldParts) => directory(aWorld(parts)).modeOf('nv.ui.yelb')

describe('the mode of a group, and why', () => {
  const groups = [aGroup('nv.ui.yelb', { mode: 'monitor' })]
  const namespaces = { yelb: { 'postern.dev/mode': 'protect' } }

  test('the cluster’s override, its own, its namespace’s, that of new groups: in this order', () => {
    expect(modeIn({ settings: { mode: 'discover' }, groups, namespaces })).toEqual({
      mode: 'discover',
      reason: 'settings.mode of the whole cluster',
    })
    expect(modeIn({ groups, namespaces })).toEqual({ mode: 'monitor', reason: 'nv.ui.yelb: its own mode' })
    expect(modeIn({ namespaces })).toEqual({
      mode: 'protect',
      reason: 'nv.ui.yelb: label postern.dev/mode=protect of namespace yelb',
    })
    expect(modeIn({ groups: [aGroup('nv.ui.yelb')], settings: { newGroupMode: 'monitor' } })).toEqual({
      mode: 'monitor',
      reason: 'nv.ui.yelb: settings.newGroupMode',
    })
  })

  test('a label that is no mode is said to be none', () => {
    expect(modeIn({ namespaces: { yelb: { 'postern.dev/mode': 'Protect' } } })).toEqual({
      mode: 'discover',
      reason: 'nv.ui.yelb: settings.newGroupMode (label postern.dev/mode=Protect of namespace yelb is no mode)',
    })
  })
})

describe('the mode of a flow', () => {
  const modes = ['discover', 'monitor', 'protect'] as const
  const table = (resolution: ModeResolution) =>
    modes.map((s) => modes.map((d) => resolveMode(resolution, at(s, 'source'), at(d, 'destination')).mode[0]!).join(''))
  const at = (mode: Mode, reason: string) => ({ mode, reason })

  test.each<readonly [ModeResolution, readonly string[]]>([
    ['destination', ['dmp', 'dmp', 'dmp']],
    ['basic', ['ddd', 'dmm', 'dmp']],
    ['strict', ['dmp', 'mmp', 'ppp']],
  ])('%s (rows: source, columns: destination)', (resolution, rows) => {
    expect(table(resolution)).toEqual(rows)
  })

  test('the reason says whose mode it is', () => {
    const [d, p] = [at('discover', 'd'), at('protect', 'p')]
    expect(resolveMode('basic', p, d)).toEqual({
      mode: 'discover',
      reason: 'd; the more lenient end counts (modeResolution basic)',
    })
    expect(resolveMode('strict', p, d)).toEqual({
      mode: 'protect',
      reason: 'p; the stricter end counts (modeResolution strict)',
    })
    expect(resolveMode('strict', undefined, d)).toEqual({
      mode: 'discover',
      reason: 'd; only the destination has a sidecar',
    })
    expect(resolveMode('basic', p, undefined)).toEqual({ mode: 'protect', reason: 'p; only the source has a sidecar' })
    expect(resolveMode('basic', undefined, undefined)).toEqual({
      mode: 'discover',
      reason: 'neither end has a sidecar',
    })
  })

  test('an end without a sidecar has no mode, whatever its group says', () => {
    const legacy = aWorkload('legacy', { managed: false })
    const ui = aWorkload('ui')
    const groups = [aGroup('nv.legacy.yelb', { mode: 'discover' }), aGroup('nv.ui.yelb', { mode: 'protect' })]
    const d = directory(aWorld({ workloads: [legacy, ui], groups, settings: { modeResolution: 'basic' } }))
    const { source, destination } = aFlow(legacy, ui)
    expect(d.effectiveMode(d.endpoint(source), d.endpoint(destination))).toEqual({
      mode: 'protect',
      reason: 'nv.ui.yelb: its own mode; only the destination has a sidecar',
      decidedBy: 'destination',
    })
  })
})
