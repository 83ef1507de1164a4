import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomness } from '../../../test/support/random.ts'
import { testData } from '../../testdata.ts'
import type { Node } from './ast.ts'
import { Automaton } from './automaton.ts'
import { emit } from './emit.ts'
import { excerptOf } from './excerpt.ts'
import { parsePattern } from './parse.ts'
import { programOf } from './program.ts'
import { crsPatterns, subject } from './testdata/patterns.ts'
import { smallPattern, smallText } from './testdata/small.ts'

const treeOf = (source: string): Node =>
  parsePattern(source, { ignoreCase: false, multiline: false, dotAll: true }).tree
const matcherOf = (tree: Node) => {
  const automaton = new Automaton(programOf([tree]))
  return (value: string): boolean => automaton.end(value) !== -1
}

test.each([
  ['union\\s+select', true, 'union\\s+select'],
  ['<script[^>]*>alert', false, '\\x3cscript'],
  ['a[^b]*(?:select|insert)', false, '(?:select|insert)'],
  ['x(?:\\w{1,50}|y)z', false, 'x'],
  ['(?:.*)', false, '(?:)'],
])('%s', (source, isWhole, expected) => {
  const excerpt = excerptOf(treeOf(source))
  expect({ isWhole: excerpt.isWhole, text: excerpt.isWhole ? source : emit(excerpt.tree, 'v8') }).toEqual({
    isWhole,
    text: expected,
  })
})

describe('what a pattern matches has its excerpt', () => {
  test('for small patterns', () => {
    fc.assert(
      fc.property(smallPattern, fc.array(smallText, { maxLength: 4 }), (source, values) => {
        const tree = treeOf(source)
        const [whole, piece] = [matcherOf(tree), matcherOf(excerptOf(tree).tree)]
        for (const value of values)
          if (whole(value)) expect([source, value, piece(value)]).toEqual([source, value, true])
      }),
      { numRuns: 2000 },
    )
  })

  const crs = testData('crs')
  if (crs === undefined) console.error("SKIPPED: excerpts of CRS's patterns, they are not here")
  test.skipIf(crs === undefined)("for CRS's", () => {
    for (const [seed, source] of crsPatterns(crs!).entries()) {
      const [tree, random] = [treeOf(source), randomness(seed)]
      const [whole, piece] = [matcherOf(tree), matcherOf(excerptOf(tree).tree)]
      for (let run = 0; run < 8; run++) {
        const value = subject(tree, random).slice(0, 200)
        if (whole(value)) expect([source, value, piece(value)]).toEqual([source, value, true])
      }
    }
  })
})
