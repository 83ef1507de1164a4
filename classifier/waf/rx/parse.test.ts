import { describe, expect, test } from 'vitest'
import { maxPatternDepth } from '../limits.ts'
import { RegexError } from './error.ts'
import { compileRegex } from './regex.ts'

/** The whole match and its groups in a short subject; a long one, where the place does not count, has the same. */
function found(pattern: string, subject: string): readonly (string | undefined)[] | undefined {
  const regex = compileRegex(pattern)
  const short = regex.exec(subject)
  const filler = '\xff'.repeat(200)
  const isPlaced = /[$^]|\\[sbBz]|x00/.test(pattern) || short?.[0] === ''
  if (!isPlaced) expect(regex.exec(filler + subject + filler)).toEqual(short)
  return short
}

describe('patterns mean what PCRE and RE2 agree on', () => {
  test.each<[string, string, readonly (string | undefined)[] | undefined]>([
    ['(?i)union\\s+select', '1 UNION\vSelect', ['UNION\vSelect']],
    ['\\s', '\xa0', undefined],
    ['a.b', 'a\nb', ['a\nb']],
    ['(?-s)a.b', 'a\nb', undefined],
    ['^b', 'a\nb', undefined],
    ['(?m)^b$', 'a\nb\nc', ['b']],
    ['a(?m:^b$)', 'ab', undefined],
    ['b$', 'b\n', undefined],
    ['b\\z', 'ab', ['b']],
    ['a(?i)b|c', 'C', ['C']],
    ['(?:a(?i)b)c', 'aBC', undefined],
    ['(?i:a)b', 'AB', undefined],
    ['(?i)[^a]', 'A', undefined],
    ['(?i)\\x41', 'a', ['a']],
    ['\\x{c2}\\xb4', '\xc2\xb4', ['\xc2\xb4']],
    ['[]a]+', 'x]a]', [']a]']],
    ['[^]a]', ']ab', ['b']],
    ['[a-]+', '-a', ['-a']],
    ['[a-\\d]+', '1-a', ['1-a']],
    ['[\\]\\\\\\x2d\\b]+', ']\\-\b', [']\\-\b']],
    ['[[:alpha:]_]+', '1aZ_', ['aZ_']],
    ['[[:^digit:]]', '1a', ['a']],
    ['(a)(b)?(c)', 'ac', ['ac', 'a', undefined, 'c']],
    ['(?P<x>a)(?<y>b)', 'ab', ['ab', 'a', 'b']],
    ['a{2,3}?', 'aaa', ['aa']],
    ['a{,2}', 'a{,2}', ['a{,2}']],
    ['x{', 'x{', ['x{']],
    ['\\Qa.b+\\Ec', 'a.b+c', ['a.b+c']],
    ['\\012\\0\\t', '\n\0\t', ['\n\0\t']],
    ['\\bfoo\\B', 'foo food', ['foo']],
    ['a||b', 'b', ['']],
    ['(?:)', '', ['']],
    ['[^\\x00-\\xff]', 'a', undefined],
  ])('%s in %j', (pattern, subject, expected) => {
    expect(found(pattern, subject)).toEqual(expected)
  })

  test('a group that repeats keeps its last turn in both engines', () => {
    expect(found('(?:(a)|b)+', 'ab')).toEqual(['ab', 'a'])
  })
})

describe('what is not possible is refused, with its place', () => {
  test.each<[string, string, number]>([
    ['a(?=b)', 'look-around', 3],
    ['(?<!a)b', 'look-around', 2],
    ['(?>a)', 'look-around', 2],
    ['(a)\\1', 'references back', 4],
    ['a++', 'possessive', 2],
    ['a**', 'a repetition can not be repeated', 2],
    ['*a', 'nothing to repeat', 0],
    ['(a', 'not closed', 2],
    ['a)', 'no bracket open', 1],
    ['[a', 'not closed', 2],
    ['a{3,2}', 'ends before it begins', 6],
    ['a{1001}', 'more than 1000', 7],
    ['[z-a]', 'ends before it begins', 4],
    ['[[:foo:]]', 'no class', 8],
    ['(?x)a', 'no flag x', 4],
    ['\\y', 'means nothing here', 1],
    ['\\x{100}', 'above ff', 7],
    ['\u0100', 'not a byte', 1],
    ['\\', 'ends too early', 1],
    ['((a{100}){100}){100}', 'repetitions in one another', 14],
    ['('.repeat(maxPatternDepth + 1), 'nested deeper', maxPatternDepth],
  ])('%s', (pattern, reason, position) => {
    expect(() => compileRegex(pattern)).toThrow(RegexError)
    expect(() => compileRegex(pattern)).toThrow(reason)
    try {
      compileRegex(pattern)
    } catch (error) {
      expect((error as RegexError).position).toBe(position)
    }
  })
})
