import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { testData } from '../../testdata.ts'
import { maxLibinjectionBytes } from '../limits.ts'
import { mayBeSqli, mayBeXss } from './gate.ts'
import { libinjection, native } from './libinjection.ts'

const { detectSqli, detectXss } = libinjection()

describe('libinjection', () => {
  test('an attack has its fingerprint, other text has none', () => {
    const values = ["1' or '1'='1", '1 UNION SELECT password FROM users', "O'Brien", 'hello', '']
    expect(values.map(detectSqli)).toEqual(['s&sos', '1UEnk', undefined, undefined, undefined])
  })

  test('what libddwaf has taken out is found', () => {
    const values = [
      'sleep(20)',
      "x' and 526=527",
      "a'+sleep(20.to_i)+'",
      'a" sleep(10.to_i) "',
      "5' and 6",
      'sleep(well)',
    ]
    expect(values.map(detectSqli)).toEqual(['f(1)', 's&1', 'sof(1', 'sf(1', undefined, undefined])
    const tags = ['<xss onbeforehellfreezes=aler%77(1)>', '<b on=1>', '<b>online=1']
    expect(tags.map(detectXss)).toEqual([true, false, false])
  })

  test('script in tags and in attributes is found', () => {
    const values = ['<script>alert(1)</script>', 'x onerror=alert(1)', 'href=javascript:alert(1)', 'a < b', 'a=b']
    expect(values.map(detectXss)).toEqual([true, true, true, false, false])
  })

  test('bytes that are no UTF-8 are seen as libinjection sees them', () => {
    expect(detectSqli("\xff\xfe' or 1=1 -- \xe9")).toBe('s&1c')
    expect(detectSqli('1\xa0union\xa0select\xa0a')).toBe(detectSqli('1 union select a'))
    expect(detectSqli("\xc3\xa9' or 1=1 -- ")).toBe('s&1c')
  })

  test('what only fills a long value does not hide what is behind it', () => {
    const attack = "' or 1=1 -- "
    expect(detectSqli('a'.repeat(5 * maxLibinjectionBytes) + attack)).toBe('s&1c')
    expect(detectSqli(' '.repeat(5 * maxLibinjectionBytes) + attack)).toBe('s&1c')
    expect(detectXss(`${'ab'.repeat(5 * maxLibinjectionBytes)}<script>alert(1)</script>`)).toBe(true)
  })
})

describe('what the gate keeps from the library is never an attack', () => {
  const { detectSqli: askSqli, detectXss: askXss } = native()
  const keywords = [
    'select',
    'UNION',
    'or',
    'and',
    'null',
    'sleep',
    'user',
    'exec',
    'true',
    '1',
    '0x1',
    '1e5',
    '0',
    'a',
    'n_1',
    'in',
    'is',
  ]
  const plain = fc
    .array(fc.constantFrom(...keywords, '-', '_', 'e', 'x', '9'), { maxLength: 6 })
    .map((parts) => parts.join(''))

  test('SQL', () => {
    fc.assert(
      fc.property(plain, (value) => mayBeSqli(value) || askSqli(value) === undefined),
      { numRuns: 20_000 },
    )
  })

  test('nor does a long value take long', () => {
    for (const seed of ["'", '<a on', "' or 1", '<a onabc ', '1-', 'a/*', 'sleep(1', ' ', '\xff', '1--sp_passwor']) {
      const from = process.cpuUsage()
      for (const ask of [askSqli, askXss]) ask(seed.repeat(4 * 1024))
      const { user, system } = process.cpuUsage(from)
      expect([seed, user + system < 500_000]).toEqual([seed, true])
    }
  })

  test('HTML', () => {
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
      ';',
      '?',
      '%',
    ]
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (value) => mayBeXss(value) || !askXss(value)),
      { numRuns: 20_000 },
    )
  })
})

const directory = testData('libinjection')
if (directory === undefined) console.error("SKIPPED: libinjection's own cases, their data is not here")

/**
 * Of its 480 cases, 50 ask for a verdict. The others ask for the tokens of its SQL and HTML readers, which the library does
 * not show.
 */
describe.skipIf(directory === undefined)("libinjection's own cases", () => {
  type Case = { readonly file: string; readonly input: string; readonly expected: string }
  const cases = (): readonly Case[] =>
    readdirSync(join(directory!, 'tests'))
      .filter((file) => file.startsWith('test-sqli-'))
      .map((file) => {
        const text = readFileSync(join(directory!, 'tests', file), 'latin1')
        const [, input, expected] = /--INPUT--\n([\s\S]*?)\n?--EXPECTED--\n([\s\S]*)$/.exec(text)!
        return { file, input: input!.trimEnd(), expected: expected!.trim() }
      })

  test('all that ask for a verdict get theirs', () => {
    const all = cases()
    expect(all.length).toBe(50)
    expect(all.map(({ file, input }) => [file, detectSqli(input) ?? ''])).toEqual(all.map((c) => [c.file, c.expected]))
  })

  test('of its benign values, few are taken for attacks', () => {
    const text = readFileSync(join(directory!, 'data/false_positives.txt'), 'latin1')
    const values = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const flagged = values.map(decoded).filter((value) => detectSqli(value) !== undefined)
    // The library flags these: AND between two numbers, and words in quotation marks around an operator.
    expect(flagged).toEqual([
      '80% ACRYLIC AND 20% WOOL',
      '35% COTTON AND 65% POLYESTER.',
      '\'countdown calendar" and "disney:',
      "select 'and'",
    ])
  })
})

function decoded(line: string): string {
  return line
    .replaceAll('+', ' ')
    .replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
