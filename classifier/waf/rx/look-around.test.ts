import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RegexError } from './error.ts'
import { lookAroundSearch } from './look-around.ts'

const found = (source: string, subject: string, ignoreCase = false) => {
  const match = lookAroundSearch(source, ignoreCase)(subject, 0)
  return match && subject.slice(match.start, match.end)
}
const refusal = (source: string) => {
  try {
    lookAroundSearch(source, false)
  } catch (error) {
    if (error instanceof RegexError) return [error.position, error.reason]
    throw error
  }
  return undefined
}

test('means what V8 means by it, with what is common to all patterns here', () => {
  const sources = [
    'a(?!b)',
    '(?<=a)b',
    '(?<!a)b[01]',
    '(a|b)\\1',
    '^(?=.*0)(?=.*1)',
    '(?:(?!ab).)*1',
    '([ab])(?=(0))\\1?\\2',
  ]
  const subject = fc.string({ unit: fc.constantFrom(...'ab01'), maxLength: 40 })
  fc.assert(
    fc.property(subject, fc.constantFrom(...sources), (text, source) => {
      expect(found(source, text)).toBe(new RegExp(source, 's').exec(text)?.[0])
    }),
  )
  expect(found('(?i)(a)x(?=\\s)\\s\\1', 'AX\ta')).toBe('AX\ta')
  expect(found('(?=[)])\\)', 'a)')).toBe(')')
  expect(found('x(?=\\Q)*\\E)', 'x)*')).toBe('x')
})

test('a long subject is looked at in windows, each place with what stands before it', () => {
  const padding = 'x'.repeat(5000)
  expect(lookAroundSearch('(?<=x)b(?!c)', false)(`b${padding}bcb${padding}b`, 0)).toEqual({
    start: 10_004,
    end: 10_005,
  })
  expect(lookAroundSearch('^x(?=x)', false)(padding, 1)).toBeUndefined()
})

test('what could take long is refused, and what is not understood, with its place', () => {
  expect(
    ['(?=(a+)+$)b', '.*a.*(?=b)', '(a*)\\1*c(?=d)', '(?:(?=.*x)a)*b', '\\w+(?=.*b)'].filter((s) => !refusal(s)),
  ).toEqual([])
  expect(refusal('(?:(?=.*x)a)*b')).toEqual([3, 'look-around with a loop in it can not be repeated'])
  expect(refusal('ab(?=c')).toEqual([2, 'a bracket is not closed'])
  expect(refusal('ab(?=c))')).toEqual([7, 'there is no bracket open for this )'])
  expect(refusal('a(?=b)\\2')).toEqual([6, 'there is no group 2 before this reference'])
  expect(refusal('(?=a)b(?i)c')).toEqual([6, 'beside look-around, flags can only stand at the beginning'])
  expect(refusal('a(?=b)c++')).toEqual([8, 'possessive repetition is not possible in linear time'])
  expect(refusal('a(?=\\p)')).toEqual([5, '\\p means nothing here'])
})
