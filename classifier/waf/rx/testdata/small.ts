/** Small patterns and texts over few letters, so that they match often. */
import fc from 'fast-check'

const letter = fc.constantFrom(
  'a',
  'b',
  '[ab]',
  '[^a]',
  '.',
  '\\s',
  '\\w',
  '(?i:A)',
  '\\b',
  '\\B',
  '^',
  '$',
  'ab',
  '\\x00',
  '(?m:^)',
  '(?m:$)',
)

export const smallPattern: fc.Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    letter,
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => a + b),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(?:${a}|${b})`),
    fc.tuple(tie('any'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?')).map(([a, times]) => `(?:${a})${times}`),
  ),
})).any

export const smallText: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('a', 'b', 'A', ' ', '\n', '\0', '\xe9', 'c'), { maxLength: 12 })
  .map((list) => list.join(''))
