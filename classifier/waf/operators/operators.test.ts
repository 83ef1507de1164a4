import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { meets } from '../rx/requirement.ts'
import type { Match, Operator } from './operator.ts'
import { operators } from './operators.ts'

const here = { file: join(import.meta.dirname, '../testdata/operators/rules.conf') }
const made = (name: string, argument: string): Operator => {
  const operator = operators[name]!(argument, here)
  if (typeof operator !== 'function') throw new Error(operator.message)
  return operator
}
const values: Readonly<Record<string, string>> = { 'TX limit': '10', 'TX list': 'GET POST', 'TX x': '' }
const expand = (collection: string, key: string | undefined): string | undefined => values[`${collection} ${key}`]
const ask = (name: string, argument: string, value: string): Match | undefined =>
  made(name, argument)(value, { expand })
const problem = (name: string, argument: string): string | undefined => {
  const operator = operators[name]!(argument, here)
  return typeof operator === 'function' ? undefined : operator.message
}

describe('operators', () => {
  test('fill in macros per value', () => {
    expect(ask('gt', '%{tx.limit}', '11')).toEqual({ matched: '11' })
    expect(ask('gt', '%{tx.limit}', '10')).toBeUndefined()
    expect(ask('within', '%{tx.list}', 'POST')).toEqual({ matched: 'POST' })
    expect(ask('endsWith', '.%{tx.missing}', 'a.')).toEqual({ matched: '.' })
  })

  test('read numbers as C does', () => {
    expect(['', ' 7x', '-3', 'x', '+5'].filter((value) => ask('gt', '-1', value))).toEqual(['', ' 7x', 'x', '+5'])
  })

  test('capture what patterns capture', () => {
    expect(ask('rx', '(a)(b)?(c)', 'xac')).toEqual({ matched: 'ac', captures: ['ac', 'a', undefined, 'c'] })
    expect(ask('rxGlobal', '(\\d)x', '1x2x')).toEqual({ matched: '1x', captures: ['1x', '1', '2x', '2'] })
    expect(ask('rxGlobal', '^|x', 'ax')).toEqual({ matched: '', captures: ['', 'x'] })
    expect(ask('rx', `${'(a)'.repeat(12)}`, 'a'.repeat(12))?.captures?.length).toBe(10)
  })

  test('find phrases, also those written in bytes and those in files', () => {
    expect(ask('pm', 'foo |41 42|c', 'xxabCxx')).toEqual({ matched: 'abC' })
    expect(ask('pmFromFile', 'phrases.data', 'a Two Words b')).toEqual({ matched: 'Two Words' })
    expect(ask('pmFromFile', 'phrases.data', '# comment')).toBeUndefined()
    expect(ask('ipMatchFromFile', 'addresses.data', '198.51.100.7')).toEqual({ matched: '198.51.100.7' })
  })

  test('know well-formed UTF-8', () => {
    const broken = ['\xed\xa0\x80', '\xc0\xaf', '\xf4\x90\x80\x80', '\xe2\x82', 'a\x80']
    const well = ['', 'a', '\xc3\xa9', '\xe2\x82\xac', '\xf0\x9f\x98\x80', '\xed\x9f\xbf']
    expect([...broken, ...well].filter((value) => ask('validateUtf8Encoding', '', value))).toEqual(broken)
  })

  test('know an IPv4 address in both forms, and nothing else as an address', () => {
    const list = '198.51.100.0/24, 2001:db8::/32,::ffff:203.0.113.0/120'
    const inside = ['198.51.100.1', '::ffff:198.51.100.1', '2001:db8::1', '203.0.113.9', '198.51.101.1', 'x', '', '::1']
    expect(inside.filter((value) => ask('ipMatch', list, value))).toEqual(inside.slice(0, 4))
  })

  test('verify numbers wherever in the value they begin', () => {
    expect(ask('verifyCC', '\\d{16}', '1234567890123456 4417123456789113')?.matched).toBe('4417123456789113')
    expect(ask('verifyCC', '\\d{16}', '94417123456789113')?.matched).toBe('4417123456789113')
    expect(ask('verifySSN', '\\d{3}-\\d{2}-\\d{4}', '078-05-1120')).toBeUndefined()
    expect(ask('verifyCPF', '\\d{11}', '11111111111')).toBeUndefined()
    expect(ask('validateNid', 'cl [\\d.]+-[\\dkK]', '12.345.678-5')?.matched).toBe('12.345.678-5')
  })
})

describe('rules are refused', () => {
  test.each<[string, string, string]>([
    ['rx', '(?=a)', 'look-around'],
    ['rx', 'a%{tx.x}', 'macros'],
    ['pm', ' ', 'phrases'],
    ['pmFromFile', 'missing.data', 'ENOENT'],
    ['pmFromFile', 'https://example.org/list', 'network'],
    ['ipMatch', '10.0.0.0/33', 'neither an address'],
    ['ipMatch', 'localhost', 'neither an address'],
    ['validateByteRange', '1-256', 'not a range'],
    ['validateSchema', 'bad-schema.json', 'uses oneOf'],
    ['validateSchema', 'phrases.data', 'not a JSON Schema'],
    ['validateNid', 'de x', 'country'],
    ...['fuzzyHash', 'geoLookup', 'gsbLookup', 'inspectFile', 'rbl', 'rsub', 'validateDTD', 'validateHash'].map(
      (name): [string, string, string] => [name, 'x', ''],
    ),
  ])('@%s %s', (name, argument, reason) => {
    expect(problem(name, argument)).toBeDefined()
    expect(problem(name, argument)).toContain(reason)
  })

  test('a % before a brace is no macro', () => expect(problem('rx', '%{1,3}')).toBeUndefined())
})

test('a value that matches meets what its operator requires', () => {
  const some = [made('pm', 'foo Bar baz'), made('pmFromFile', 'phrases.data'), made('rx', '(?i)fo+|b[ae]r\\d')]
  const value = fc.array(fc.constantFrom('foo', 'BAR', 'two words', 'x', 'ber1', '\xff'), { maxLength: 5 })
  fc.assert(
    fc.property(value, (parts) => {
      const text = parts.join(' ')
      return some.every((operator) => !operator(text, { expand }) || meets(text, operator.requires!))
    }),
  )
})

describe('no value takes long', () => {
  const arguments_: Readonly<Record<string, string>> = {
    ipMatch: '10.0.0.0/8',
    ipMatchF: 'addresses.data',
    ipMatchFromFile: 'addresses.data',
    pmf: 'phrases.data',
    pmFromFile: 'phrases.data',
    rx: '(a+)+b|\\s*,\\s*,\\s*x',
    rxGlobal: '(a+)+b|\\s*,\\s*,\\s*x',
    validateByteRange: '0-255',
    validateNid: 'us [\\d ]{9,11}',
    validateSchema: '../seclang-cases/testdata/schema.json',
    verifyCC: '\\d{13,16}',
    verifyCPF: '\\d{11}',
    verifySSN: '\\d{3}-?\\d{2}-?\\d{4}',
    verifySVNR: '[0-9]{4} ?[0-9]{6}',
  }
  const size = 16 * 1024
  const seeds = ['a', '0', ' ', '<', '%', '\\', '\xff', '/*', "'", 'a,', '{', '[', '1-', '0:', 'aa ', '<a ', '\0', '-']
  const able = Object.keys(operators).filter((name) => problem(name, arguments_[name] ?? 'aaaaab') === undefined)

  beforeAll(() => expect(able.length).toBe(Object.keys(operators).length - 8))

  test.each(able)('@%s', (name) => {
    const operator = made(name, arguments_[name] ?? 'aaaaab')
    for (const seed of seeds) {
      const value = seed.repeat(size).slice(0, size)
      const from = process.cpuUsage()
      operator(value, { expand })
      const { user, system } = process.cpuUsage(from)
      // Linear work takes a few milliseconds; what is quadratic in 16 KB takes seconds.
      expect([seed, user + system < 1_000_000]).toEqual([seed, true])
    }
  })
})
