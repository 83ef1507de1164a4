/** What the gate keeps from the library is never an attack: asked of the library itself, without the gate. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testData } from '../../testdata.ts'
import { mayBeSqli, mayBeXss } from './gate.ts'
import { native } from './libinjection.ts'

const { detectSqli, detectXss } = native()

/** Numbers as SQL dialects write them, whole and broken off: what may stand before a word. */
const numbers = [
  '',
  '1',
  '0',
  '12',
  '0x1',
  '0x',
  '0xg',
  '0b1',
  '0b12',
  '0b2',
  '1e5',
  '1e',
  '1d',
  '1f',
  '00',
  '1_',
  '0d1',
]
const keywords = 'select union or and not null sleep user exec true in is like div case if count version'.split(' ')

test('SQL: a number, a word, and one after the other', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'abcdefxzABEFUX_0129'), maxLength: 8 })
  const part = fc.oneof(fc.constantFrom(...numbers), fc.constantFrom(...keywords), letters)
  const value = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(value, (text) => !mayBeSqli(text) && detectSqli(text) === undefined),
    { numRuns: 20_000 },
  )
})

test('SQL: numbers with dashes between', () => {
  const value = fc.array(fc.nat(), { minLength: 1, maxLength: 9 }).map((parts) => parts.join('-'))
  fc.assert(fc.property(value, (text) => !mayBeSqli(text) && detectSqli(text) === undefined))
})

test('SQL: what looks alike and is an attack is let through', () => {
  const attacks = ['1--', '-0UNION', '1-null', '1,1--']
  expect(attacks.map(detectSqli)).not.toContain(undefined)
  expect(attacks.map(mayBeSqli)).toEqual([true, true, true, true])
})

test('HTML: no tag and no attribute with a value', () => {
  const pieces = [
    'script',
    'onload',
    'href',
    'javascript:',
    'style',
    '>',
    '"',
    "'",
    '`',
    ' ',
    '/',
    '!--',
    '\0',
    '&',
    '?',
  ]
  const value = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(value, (text) => !mayBeXss(text) && !detectXss(text)),
    { numRuns: 20_000 },
  )
})

const folders = [
  [testData('libinjection'), 'tests'],
  [testData('libinjection'), 'data'],
  [testData('crs'), 'rules'],
] as const
const there = folders.flatMap(([data, folder]) => (data === undefined ? [] : [join(data, folder)]))
if (there.length < folders.length)
  console.error('SKIPPED in part: the gate over the words of libinjection’s cases and CRS')

test.skipIf(there.length === 0)('every word of the corpus, alone and behind every kind of number', () => {
  const texts = there.flatMap((folder) => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1')))
  const words = new Set(texts.flatMap((text) => text.match(/[A-Za-z0-9_]+/g) ?? []))
  const values = [...words].flatMap((word) => numbers.map((number) => number + word))
  expect(words.size).toBeGreaterThan(1000)
  expect(values.filter((value) => mayBeSqli(value) || detectSqli(value) !== undefined)).toEqual([])
})
