import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pm } from './phrases.ts'

const letters = fc.constantFrom('a', 'b', 'A', 'B', '\xe9', 'c')
const text = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.array(letters, { minLength, maxLength }).map((list) => list.join(''))
const small = (value: string): string => value.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** By looking for every phrase at every place: what ends first, and there the longest. */
function naive(phrases: readonly string[], value: string): string | undefined {
  for (let end = 1; end <= value.length; end++) {
    const here = phrases.filter((phrase) => small(value.slice(0, end)).endsWith(small(phrase)))
    const longest = here.sort((a, b) => b.length - a.length)[0]
    if (longest) return value.slice(end - longest.length, end)
  }
  return undefined
}

test('phrases are found where looking for each at each place finds them', () => {
  fc.assert(
    fc.property(fc.array(text(1, 4), { minLength: 1, maxLength: 8 }), text(0, 20), (phrases, value) => {
      const operator = pm(phrases.join(' '), { file: '' })
      if (typeof operator !== 'function') throw new Error(operator.message)
      expect(operator(value, { expand: () => undefined })?.matched).toBe(naive(phrases, value))
    }),
    { numRuns: 2000 },
  )
})
