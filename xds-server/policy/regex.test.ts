import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileRegex, maxRegexStates } from './regex.ts'
import { maxRegexLength } from './regex-parse.ts'

function matches(pattern: string, text: string): boolean {
  const regex = compileRegex(pattern)
  if (!regex.ok) throw new Error(`${pattern} ${regex.message}`)
  return regex.matches(text)
}

const refusal = (pattern: string): string | undefined => {
  const regex = compileRegex(pattern)
  return regex.ok ? undefined : regex.message
}

describe('a pattern', () => {
  test.each([
    ['ui', 'yelb-ui-1', true],
    ['^ui', 'yelb-ui-1', false],
    ['^(cattle|kube)-', 'kube-system', true],
    ['^(?:a|b|)$', '', true],
    ['-[0-9]{1,2}$', 'web-123', false],
    ['-[0-9]{2,}$', 'web-123', true],
    ['^[^a-c\\d]+$', 'xyz', true],
    ['^[^a-c\\d]+$', 'x1z', false],
    ['^\\w+\\.\\w+$', 'a_1.b', true],
    ['^[\\]\\-x]+$', ']-x', true],
    ['^[a-]+$', 'a-a', true],
    ['a.c', 'a\nc', false],
    ['^a{0}b$', 'b', true],
    ['^(a{0}){3}$', '', true],
  ])('%s on %j: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected)
  })

  test.each([
    ['(', 'has a ( without its )'],
    [')', 'has a ) without its ('],
    ['[a', 'has a [ without its ]'],
    ['[]', 'has an empty [ ]'],
    ['[z-a]', 'has a bad range in [ ]'],
    ['[a-\\d]', 'has a bad range in [ ]'],
    ['*', 'has a * with nothing to repeat'],
    ['a**', 'repeats a repetition (put it in a group)'],
    ['a{2,1}', 'has a {m,n} that counts backwards'],
    ['a{x}', 'has a { that is no {m,n} (write \\{)'],
    ['a}', 'has a } without its opening bracket (write \\})'],
    ['^*', 'repeats an anchor'],
    ['(?=a)', 'uses (?…, of which only (?: is supported'],
    ['(?i)a', 'uses (?…, of which only (?: is supported'],
    ['(a)\\1', 'uses \\1, which is not supported'],
    ['\\bword', 'uses \\b, which is not supported'],
    ['a\\', 'ends with a backslash'],
    ['a'.repeat(maxRegexLength + 1), `is longer than ${maxRegexLength} characters`],
    ['(a{99}){99}', `is too large: its repetitions come to more than ${maxRegexStates} states`],
    ['((){9999}){9999}', `is too large: its repetitions come to more than ${maxRegexStates} states`],
    ['(((a{0}){9999}){9999}){9999}', `is too large: its repetitions come to more than ${maxRegexStates} states`],
  ])('%s is refused', (pattern, message) => {
    expect(refusal(pattern)).toBe(message)
  })

  test('what a backtracking engine would take hours for is answered', () => {
    expect(matches('^(a+)+$', `${'a'.repeat(500)}b`)).toBe(false)
    expect(matches('^(a|a)*(a|a)*(a|a)*c$', 'a'.repeat(500))).toBe(false)
  })
})

/** Patterns of the subset, small enough that JavaScript's own engine is no danger. */
const piece = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '^', '$', '1', '\\.', 'a|b', '')
const counted = fc.tuple(piece, fc.constantFrom('', '*', '+', '?', '{2}', '{1,2}', '{0,1}', '{1,}', '*?'))
const flat = fc.array(
  counted.map(([p, c]) => (c === '' ? p : `(${p})${c}`)),
  { maxLength: 4 },
)
const nested = fc
  .tuple(flat, flat, fc.constantFrom('', '*', '?', '{1,2}'))
  .map(([a, b, c]) => `${a.join('')}(?:${b.join('')})${c}`)

test('it says what JavaScript says', () => {
  fc.assert(
    fc.property(nested, fc.string({ unit: fc.constantFrom('a', 'b', '1', '.'), maxLength: 6 }), (pattern, text) => {
      expect({ pattern, text, matches: matches(pattern, text) }).toEqual({
        pattern,
        text,
        matches: new RegExp(pattern).test(text),
      })
    }),
    { numRuns: 2_000 },
  )
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (pattern) => {
      const regex = compileRegex(pattern)
      expect(regex.ok ? typeof regex.matches('a') : regex.message).not.toBe('')
    }),
  )
})
