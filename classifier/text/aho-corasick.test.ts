import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ahoCorasick, beginnings } from './aho-corasick.ts'

type Ending = readonly [end: number, word: number]

function run(words: readonly string[], text: string, ignoreCase: boolean, anyDigit: boolean): readonly Ending[] {
  const { classes, next, firstHot, stride, endings } = ahoCorasick(words, { ignoreCase, anyDigit })
  const found: Ending[] = []
  let state = 0
  for (let i = 0; i < text.length; i++) {
    state = next[state + classes[text.charCodeAt(i)]!]!
    if (state >= firstHot) for (const word of endings[(state - firstHot) / stride]!) found.push([i + 1, word])
  }
  return found.sort(byPlace)
}

const byPlace = (a: Ending, b: Ending) => a[0] - b[0] || a[1] - b[1]

function naive(words: readonly string[], text: string, fold: (text: string) => string): readonly Ending[] {
  const folded = fold(text)
  return words
    .flatMap((word, index) =>
      [...folded].flatMap((_, i): Ending[] => (folded.startsWith(fold(word), i) ? [[i + word.length, index]] : [])),
    )
    .sort(byPlace)
}

test('every end of every word, as comparing at each place finds them', () => {
  const text = (max: number, min = 0) =>
    fc.string({ unit: fc.constantFrom(...'aAbB12\xff'), minLength: min, maxLength: max })
  const words = fc.array(text(4, 1), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(words, text(60), fc.boolean(), fc.boolean(), (list, subject, ignoreCase, anyDigit) => {
      const lower = (s: string) => (ignoreCase ? s.toLowerCase() : s)
      const fold = (s: string) => (anyDigit ? lower(s).replace(/\d/g, '0') : lower(s))
      expect(run(list, subject, ignoreCase, anyDigit)).toEqual(naive(list, subject, fold))
    }),
    { numRuns: 500 },
  )
})

test('large sets of words have large tables', () => {
  const words = Array.from({ length: 3000 }, (_, i) => `word-${i.toString(36)}-${(i * 7919) % 3000}`)
  expect(run(words, `xx${words[2999]}xx`, true, false)).toEqual([[2 + words[2999]!.length, 2999]])
})

test('beginnings: wherever a word begins in the case it wants, and nowhere that no word begins', () => {
  const text = (max: number, min = 0) =>
    fc.string({ unit: fc.constantFrom(...'aAbB12\xff'), minLength: min, maxLength: max })
  const words = fc.array(fc.record({ word: text(4, 1), ignoreCase: fc.boolean(), anyDigit: fc.boolean() }), {
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(words, text(40, 2), (list, subject) => {
      const pairs = beginnings(list)
      const bytes = Buffer.from(subject, 'latin1')
      for (let i = 0; i + 1 < bytes.length; i++) {
        const begins = list.some(({ word, ...options }) => {
          const fold = (s: string) => folding(s, options).slice(0, 2)
          return fold(subject.slice(i, i + word.length)) === fold(word)
        })
        expect(pairs[(bytes[i]! << 8) | bytes[i + 1]!] === 1, `${i}`).toBe(begins)
      }
    }),
    { numRuns: 300 },
  )
})

function folding(text: string, { ignoreCase, anyDigit }: { ignoreCase: boolean; anyDigit: boolean }): string {
  const lower = ignoreCase ? text.toLowerCase() : text
  return anyDigit ? lower.replace(/\d/g, '0') : lower
}
