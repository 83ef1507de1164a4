import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Detector, Parsed } from '../model.ts'
import { compileDetectors } from '../program.ts'
import { redaction } from '../redact.ts'
import { scanAll } from '../stream.ts'
import { dictionaryDetector } from './dictionary.ts'
import { exactDataDetector, exactDataOf } from './exact-data.ts'
import { isCheap, regexDetector } from './regex.ts'

const redact = redaction()

function found(parsed: Parsed<Detector>, text: string): readonly string[] {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const bytes = Buffer.from(text)
  return scanAll(compileDetectors([parsed.value]), redact, [bytes]).findings.map(({ offset, length }) =>
    bytes.toString('utf8', offset, offset + length),
  )
}

test('a regex finds what it finds in the whole text, as long as matches are short', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab01 -'), minLength: 0, maxLength: 2000 })
  const sources = ['a[01]{2,4}b', '\\b0-1\\b', '(?:a|b)0+', '(a1|b0){2}', 'a+b']
  fc.assert(
    fc.property(text, fc.constantFrom(...sources), (subject, source) => {
      const expected = [...subject.matchAll(new RegExp(source, 'g'))].map(([match]) => match)
      fc.pre(expected.every((match) => match.length < 200))
      expect(found(regexDetector('r', source), subject)).toEqual(expected)
    }),
  )
})

test('V8 gets only what it can not be slow at; the rest goes to the linear engine', () => {
  expect(['PRJ-\\d{4}', '[a-z]+@x', 'a{1,40}b{1,40}', '(?:ab|cd)-\\d'].filter(isCheap)).toHaveLength(4)
  expect(
    ['(a+)+$', '(a|a)*b', '.*x.*y', 'a{1,80}b{1,80}', '(?i)x', '\\s+', '[[:alpha:]]', '\\pL'].filter(isCheap),
  ).toEqual([])
})

test('what would be slow is not: nested repetitions over a long run', () => {
  const started = process.cpuUsage()
  expect(found(regexDetector('r', '(a+)+\\d'), 'a'.repeat(5000))).toEqual([])
  expect(process.cpuUsage(started).user).toBeLessThan(20_000_000)
})

test('patterns that are refused say why', () => {
  const places = {
    '(?=a': 0,
    'ab(?:c|(?>d))': 7,
    '[(?=]x\\(?=(?>d)': 10,
    '(?=.*a.*b)c': 0,
    '(a)\\2': 3,
    '(a(b': 0,
    'a)b': 1,
    'x{2}y**': 5,
    'a[z-b]': 2,
    'a*': 0,
    [`${'x'.repeat(1024)}y`]: 1024,
  }
  for (const [source, position] of Object.entries(places)) {
    const problems = [{ path: 'regex', message: expect.any(String), position }]
    expect(regexDetector('r', source), source).toEqual({ ok: false, problems })
  }
})

test('look-around and references back, where they are cheap', () => {
  const text = `${'x'.repeat(3000)} id-12, id-1234, ab-ab, ab-cd`
  expect(found(regexDetector('r', 'id-\\d{2}(?!\\d)'), text)).toEqual(['id-12'])
  expect(found(regexDetector('r', '\\b([a-d]{2})-\\1'), text)).toEqual(['ab-ab'])
})

test('dictionaries: any case and whole words, unless told otherwise; beyond ASCII', () => {
  const words = ['Project Falcon', 'größe', 'top-secret-7']
  const text = 'project falcon, Project Falcons; größe TOP-SECRET-7 top-secret-8'
  expect(found(dictionaryDetector('d', words), text)).toEqual(['project falcon', 'größe', 'TOP-SECRET-7'])
  expect(found(dictionaryDetector('d', words, { ignoreCase: false, wholeWords: false }), text)).toEqual([
    'Project Falcon',
    'größe',
  ])
  expect(dictionaryDetector('d', ['ok', 'x', 'y'.repeat(300)])).toMatchObject({
    ok: false,
    problems: [{ path: 'words[1]' }, { path: 'words[2]' }],
  })
})

test('words of digits are found inside of runs of digits, where words may be parts', () => {
  const words = dictionaryDetector('d', ['007', '12', '9'.repeat(30)], { wholeWords: false })
  expect(found(words, `x 1200712 ${'9'.repeat(40)}`)).toEqual(['12', '007', '12', '9'.repeat(30)])
  expect(found(dictionaryDetector('d', ['007', '12']), '1200712 007 12')).toEqual(['007', '12'])
})

test('exact data: the values of a list, of which only salted hashes are known', () => {
  const data = exactDataOf(Buffer.alloc(16, 7), ['CUST-0042', 'Jane.Doe@example.com'])
  if (!data.ok) throw new Error('refused')
  expect(JSON.stringify(data.value)).not.toContain('0042')
  const text = 'see cust-0042. CUST-0043, <jane.doe@example.com>, xCUST-0042'
  expect(found(exactDataDetector('e', data.value), text)).toEqual(['cust-0042', 'jane.doe@example.com'])
  expect(found(exactDataDetector('e', { ...data.value, salt: Buffer.alloc(16, 8) }), text)).toEqual([])
  expect(exactDataOf(Buffer.alloc(16), ['two words', 'fine-one'])).toMatchObject({
    ok: false,
    problems: [{ path: 'values[0]' }],
  })
})
