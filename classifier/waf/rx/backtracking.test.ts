import { describe, expect, test } from 'vitest'
import { mayBacktrack } from './backtracking.ts'
import { compileRegex } from './regex.ts'

const allowed = (pattern: string): boolean => mayBacktrack(compileRegex(pattern).tree)

describe('V8 is not given', () => {
  test.each([
    '(a+)+$',
    '(a*)*b',
    '(a|a)*c',
    '(a|ab|b)*c',
    '(a?b?)*c',
    '(?:\\w+\\s?)*$',
    '(?:a{1,30}){1,30}$',
    '\\s*\\s*\\s*\\s*\\s*x',
    '(?:a*){5}x',
    `${'a?'.repeat(30)}${'a'.repeat(30)}`,
    '(?:.*a){12}',
    `(?:${Array.from({ length: 1100 }, (_, at) => `${at}x`).join('|')})*y`,
  ])('%s', (pattern) => expect(allowed(pattern)).toBe(false))
})

describe('V8 is given', () => {
  test.each([
    'union\\s+select',
    '(?:\\w+\\s)*$',
    '(?:a*b)*',
    '(?:[0-9]{1,3}\\.){3}[0-9]{1,3}',
    '(?:[A-Z]{4})+x',
    '^a*a*a*$',
  ])('%s', (pattern) => expect(allowed(pattern)).toBe(true))
})

test('what would take years in V8 is answered', () => {
  for (const pattern of [
    '(a+)+$',
    '^(a*)*$',
    '^(a|a)*$',
    '^(a?b?)*$',
    '(a+)+b',
    `^${'a?'.repeat(30)}${'a'.repeat(30)}$`,
  ]) {
    const regex = compileRegex(pattern)
    expect([40, 127, 20_000].map((length) => regex.exec(`${'a'.repeat(length)}c`))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  }
})
