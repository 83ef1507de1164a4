import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomness } from '../../../test/support/random.ts'
import { testData } from '../../testdata.ts'
import { maxAutomatonCells } from '../limits.ts'
import type { Node } from './ast.ts'
import { Automaton } from './automaton.ts'
import { emit } from './emit.ts'
import { parsePattern } from './parse.ts'
import { programOf } from './program.ts'
import { crsPatterns, subject } from './testdata/patterns.ts'
import { smallPattern, smallText } from './testdata/small.ts'
import { work } from './work.ts'

const treeOf = (source: string): Node =>
  parsePattern(source, { ignoreCase: false, multiline: false, dotAll: true }).tree
const automatonOf = (source: string): Automaton => new Automaton(programOf([treeOf(source)]))

/** The shortest beginning of the subject at whose end some match ends, as V8 sees it. */
function endInV8(tree: Node, value: string): number {
  const here = new RegExp(`(?<=${emit(tree, 'v8')})`, 'g').exec(value)
  return here ? here.index : -1
}

test('a match ends where V8 says that the first one ends', () => {
  fc.assert(
    fc.property(smallPattern, fc.array(smallText, { maxLength: 4 }), (source, values) => {
      const automaton = automatonOf(source)
      for (const value of values) expect([value, automaton.end(value)]).toEqual([value, endInV8(treeOf(source), value)])
    }),
    { numRuns: 3000 },
  )
})

describe('a pattern with more states than are kept', () => {
  const source = '(?:a|b)*a(?:a|b){14}c'
  const random = randomness(3)
  const letters = (length: number): string => Array.from({ length }, () => (random() < 0.5 ? 'a' : 'b')).join('')

  test('is answered all the same', () => {
    const automaton = automatonOf(source)
    for (let run = 0; run < 40; run++) {
      const value = `${letters(100 + run * 100)}${run % 2 ? 'c' : 'd'}`
      const expected = /a[ab]{14}c/.test(value)
      expect(automaton.end(value)).toBe(expected ? value.length : -1)
    }
    // most of it was read without making states
    expect(automaton.made).toBeLessThan(5000)
  })

  test('takes work in proportion to the subject, whatever was asked before', () => {
    const automaton = automatonOf(source)
    const stepsOf = (length: number): number => {
      const value = letters(length)
      const before = work.steps
      automaton.end(value)
      return work.steps - before
    }
    stepsOf(maxAutomatonCells)
    expect(stepsOf(64_000) / stepsOf(32_000)).toBeLessThan(3)
  })
})

const directory = testData('crs')
if (directory === undefined) console.error("SKIPPED: CRS's patterns in the automaton, they are not here")

test.skipIf(directory === undefined)("CRS's patterns match what they match in V8", () => {
  let matches = 0
  for (const [seed, source] of crsPatterns(directory!).entries()) {
    const tree = treeOf(source)
    const [automaton, v8, random] = [new Automaton(programOf([tree])), new RegExp(emit(tree, 'v8')), randomness(seed)]
    for (let run = 0; run < 10; run++) {
      const value = subject(tree, random).slice(0, 128)
      const isMatch = v8.test(value)
      expect([source, value, automaton.end(value) !== -1]).toEqual([source, value, isMatch])
      if (isMatch) matches++
    }
  }
  expect(matches).toBeGreaterThan(600)
})

test('several patterns at once are told as one by one', () => {
  fc.assert(
    fc.property(
      fc.array(smallPattern, { minLength: 1, maxLength: 4 }),
      fc.array(smallText, { maxLength: 4 }),
      (sources, values) => {
        const trees = sources.map(treeOf)
        const automaton = new Automaton(programOf(trees))
        for (const value of values) {
          const told: number[] = []
          expect(automaton.matches(value, (pattern) => told.push(pattern), 1000)).toBe(true)
          const alone = trees.flatMap((tree, at) => (endInV8(tree, value) === -1 ? [] : [at]))
          expect([value, [...new Set(told)].sort()]).toEqual([value, alone])
        }
      },
    ),
    { numRuns: 2000 },
  )
})

describe('memory that is used up', () => {
  const told = (automaton: Automaton, text: string): readonly number[] => {
    const found = new Set<number>()
    expect(automaton.matches(text, (pattern) => found.add(pattern), Number.POSITIVE_INFINITY)).toBe(true)
    return [...found].sort((a, b) => a - b)
  }
  const inV8 = (trees: readonly ReturnType<typeof treeOf>[], text: string): readonly number[] =>
    trees.flatMap((tree, at) => (new RegExp(emit(tree, 'v8')).test(text) ? [at] : []))

  test('by states: what it answers then is the same', () => {
    const trees = ['a.{120}b', 'b.{90}(?:c|a$)', '\\bc.{60}d\\b'].map(treeOf)
    const automaton = new Automaton(programOf(trees))
    const random = randomness(3)
    for (let run = 0; run < 40; run++) {
      const text = Array.from({ length: 300 }, () => 'aabbcdx '[Math.floor(random() * 8)]).join('')
      expect([text, told(automaton, text)]).toEqual([text, inV8(trees, text)])
    }
    // it began anew: only some of what was made can be there
    expect(automaton.made).toBeGreaterThan(3000)
  })

  test('by what follows the beginnings of patterns: what it answers then is the same', () => {
    const letters = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
    const tails = Array.from({ length: 60 }, (_, at) => `.${(at + 10).toString(36)}!`).join('|')
    const trees = letters.map((letter) => treeOf(`${letter}(?:${tails})`))
    const automaton = new Automaton(programOf(trees))
    const pairs = letters.flatMap((one) => letters.map((other) => one + other)).join('')
    const random = randomness(4)
    const some = (): string => letters[Math.floor(random() * letters.length)]!
    for (let run = 0; run < 60; run++) {
      const text = `${some()}${some()}${some()}!${some()}`
      expect([text, told(automaton, text)]).toEqual([text, inV8(trees, text)])
      if (run % 20 === 10) told(automaton, pairs)
    }
  })
})
