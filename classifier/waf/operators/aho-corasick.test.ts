import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AhoCorasick, type Occurrence } from './aho-corasick.ts'

const letters = fc.constantFrom('a', 'b', 'A', 'B', '\xe9', ' ', 'c')
const text = (maxLength: number): fc.Arbitrary<string> => fc.array(letters, { maxLength }).map((list) => list.join(''))
const small = (value: string): string => value.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** By looking for every phrase at every place. */
function naive(phrases: readonly string[], value: string): readonly Occurrence[] {
  const found: Occurrence[] = []
  for (let end = 1; end <= value.length; end++) {
    for (const [phrase, folded] of phrases.map(small).entries()) {
      const isFirst = phrases.map(small).indexOf(folded) === phrase
      if (folded !== '' && isFirst && small(value.slice(0, end)).endsWith(folded)) found.push({ phrase, end })
    }
  }
  return found
}

test('every occurrence is found, as by looking for each phrase at each place', () => {
  fc.assert(
    fc.property(fc.array(text(4), { maxLength: 8 }), text(20), (phrases, value) => {
      const found: Occurrence[] = []
      new AhoCorasick(phrases).forEach(value, (phrase, end) => found.push({ phrase, end }))
      const byEnd = (a: Occurrence, b: Occurrence): number => a.end - b.end || a.phrase - b.phrase
      expect(found.sort(byEnd)).toEqual([...naive(phrases, value)].sort(byEnd))
    }),
    { numRuns: 2000 },
  )
})

test('the first occurrence is the one that ends first, and there the longest', () => {
  fc.assert(
    fc.property(fc.array(text(4), { maxLength: 8 }), text(20), (phrases, value) => {
      const first = new AhoCorasick(phrases).first(value)
      const all = naive(phrases, value).filter(({ end }, _, [one]) => end === one!.end)
      const longest = all.sort((a, b) => phrases[b.phrase]!.length - phrases[a.phrase]!.length)[0]
      expect(first).toEqual(longest)
    }),
    { numRuns: 2000 },
  )
})

test('a phrase in a phrase, letters in either case, no phrase at all', () => {
  const automaton = new AhoCorasick(['he', 'she', 'hers', 'HIS'])
  const found: string[] = []
  automaton.forEach('uSHErs his', (phrase, end) => found.push(`${phrase}@${end}`))
  expect(found).toEqual(['1@4', '0@4', '2@6', '3@10'])
  expect(new AhoCorasick([]).first('abc')).toBeUndefined()
})
