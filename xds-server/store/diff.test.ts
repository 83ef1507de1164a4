import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aGroup, aRule } from '../../test/support/builders.ts'
import { defaultSettings } from '../policy/defaults.ts'
import type { Rule } from '../policy/model.ts'
import { type Change, diffDocument } from './diff.ts'

const rule = (id: string, more: Partial<Rule> = {}): Rule => aRule('web', 'db', { id, ...more })
const rules = (...ids: string[]): Rule[] => ids.map((id) => rule(id))

describe('a diff of rules', () => {
  test('says what was removed, added, changed and moved', () => {
    const before = rules('a', 'b', 'c', 'd')
    const after = [
      rule('d'),
      rule('e'),
      rule('a', { disabled: true, updatedAt: '2026-02-02T00:00:00.000Z' }),
      rule('c'),
    ]
    expect(diffDocument('rules', before, after)).toEqual([
      { document: 'rules', id: 'b', kind: 'removed', before: rule('b') },
      { document: 'rules', id: 'e', kind: 'added', after: rule('e'), below: 'd' },
      { document: 'rules', id: 'a', kind: 'changed', fields: [{ field: 'disabled', before: false, after: true }] },
      { document: 'rules', id: 'd', kind: 'moved', below: null },
    ])
  })

  test('a rule that was only saved again is no change', () => {
    const after = [rule('a', { updatedAt: '2026-02-02T00:00:00.000Z' })]
    expect(diffDocument('rules', rules('a'), after)).toEqual([])
  })

  test('lists are compared whole', () => {
    const after = [rule('a', { applications: ['http', 'tls'] })]
    expect(diffDocument('rules', [rule('a', { applications: ['http'] })], after)).toEqual([
      {
        document: 'rules',
        id: 'a',
        kind: 'changed',
        fields: [{ field: 'applications', before: ['http'], after: ['http', 'tls'] }],
      },
    ])
  })
})

describe('a diff of the other documents', () => {
  test('names the settings that changed, and ignores the order of groups', () => {
    const settings = defaultSettings
    const lab = aGroup('lab', { criteria: [] })
    const lb = aGroup('lb', { addresses: ['198.51.100.1'] })
    const ignored = [{ from: 'web', to: 'db', application: 'redis' }]
    const after = { ...settings, mode: 'protect', autoPromote: { toMonitor: 5, toProtect: null } } as const
    expect(diffDocument('groups', [lab, lb], [lb, lab])).toEqual([])
    expect(diffDocument('settings', settings, after)).toEqual([
      {
        document: 'settings',
        id: 'settings',
        kind: 'changed',
        fields: [
          { field: 'mode', before: null, after: 'protect' },
          { field: 'autoPromote.toMonitor', before: null, after: 5 },
        ],
      },
    ])
    expect(diffDocument('ignored', ignored, [])).toEqual([
      { document: 'ignored', id: 'web → db redis', kind: 'removed', before: ignored[0] },
    ])
  })
})

/** Does what the changes say, in the order of the places they name. */
function apply(before: readonly string[], changes: readonly Change[], after: readonly string[]): string[] {
  const gone = new Set(changes.filter((c) => c.kind === 'removed' || c.kind === 'moved').map((c) => c.id))
  const list = before.filter((id) => !gone.has(id))
  const placed = changes.filter((c) => c.kind === 'added' || c.kind === 'moved')
  for (const change of placed.sort((a, b) => after.indexOf(a.id) - after.indexOf(b.id))) {
    list.splice(change.below == null ? 0 : list.indexOf(change.below) + 1, 0, change.id)
  }
  return list
}

/** Length of the longest subsequence of `b` that has the order of `a`, the slow and obvious way. */
function inOrder(a: readonly string[], b: readonly string[]): number {
  const ends: { readonly place: number; readonly length: number }[] = []
  for (const place of b.map((id) => a.indexOf(id)).filter((found) => found >= 0)) {
    const before = ends.filter((end) => end.place < place).map((end) => end.length)
    ends.push({ place, length: Math.max(0, ...before) + 1 })
  }
  return Math.max(0, ...ends.map((end) => end.length))
}

test('following the diff of any two lists leads from one to the other, with the fewest moves', () => {
  const list = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { maxLength: 8 })
  fc.assert(
    fc.property(list, list, (before, after) => {
      const changes = diffDocument('rules', rules(...before), rules(...after))
      expect(apply(before, changes, after)).toEqual(after)
      const common = after.filter((id) => before.includes(id)).length
      expect(changes.filter((c) => c.kind === 'moved')).toHaveLength(common - inOrder(before, after))
    }),
  )
})
