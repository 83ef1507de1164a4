import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyPatch } from '../testdata/apply-patch.ts'
import { difference } from './json-patch.ts'

const key = fc.constantFrom('a', 'b', 'name', '~', '/', '~1', '')
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom(null, 0, 1, 'a', 'b'),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

test('a difference makes of the first what the second is', () => {
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      // the documents of a pod are objects; a list at the top has no name to be replaced by
      expect(applyPatch({ it: before }, difference({ it: before }, { it: after }))).toEqual({ it: after })
    }),
    { numRuns: 1_000 },
  )
})

test('nothing is said of what is the same, and only the end of a list that grew', () => {
  const before = { list: [{ name: 'a', x: 1 }], other: { 'a/b': [1] } }
  expect(difference(before, structuredClone(before))).toEqual([])
  const after = { list: [{ name: 'a', x: 2 }, { name: 'b' }], other: { 'a/b': [2, 1], '~': 1 } }
  expect(difference(before, after)).toEqual([
    { op: 'replace', path: '/list/0/x', value: 2 },
    { op: 'add', path: '/list/-', value: { name: 'b' } },
    { op: 'replace', path: '/other/a~1b/0', value: 2 },
    { op: 'add', path: '/other/a~1b/-', value: 1 },
    { op: 'add', path: '/other/~0', value: 1 },
  ])
  const swapped = [{ name: 'b' }, { name: 'a' }]
  expect(difference({ list: before.list }, { list: swapped })).toEqual([
    { op: 'replace', path: '/list', value: swapped },
  ])
})
