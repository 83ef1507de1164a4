import { expect, test } from 'vitest'
import { detectors } from './detectors.ts'
import { Inspection } from './inspect.ts'
import { mask } from './mask.ts'
import { compileDetectors } from './program.ts'
import { redaction } from './redact.ts'
import { type Part, parseSensor } from './sensor.ts'
import { scanAll } from './stream.ts'
import { documents } from './testdata/documents.ts'

const redact = redaction(Buffer.from('key'))

function judge(sensor: object, message: Partial<Record<Part, string>>) {
  const parsed = parseSensor({ name: 's', ...sensor })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const inspection = new Inspection(parsed.value, redact)
  for (const [part, text] of Object.entries(message)) inspection.push(part as Part, Buffer.from(text))
  const { action, rules, findings } = inspection.finish()
  return { action, rules, found: findings.map(({ part, detector, offset }) => `${part} ${detector} ${offset}`) }
}

const nothing = { action: undefined, rules: [], found: [] }

test('patterns of a rule must all hold; what must not be there is not there', () => {
  const rules = [
    {
      name: 'export',
      patterns: [
        { detector: 'card', contexts: ['body'] },
        { regex: 'invoice-\\d+', contexts: ['url'] },
        { words: ['test data'], have: false },
      ],
    },
  ]
  const sensor = { action: 'deny', rules }
  const message = { url: '/invoice-12', body: 'card 4111111111111111' }
  expect(judge(sensor, message)).toEqual({
    action: 'deny',
    rules: ['export'],
    found: ['url export/2 1', 'body card 5'],
  })
  expect(judge(sensor, { ...message, url: '/x' })).toEqual(nothing)
  expect(judge(sensor, { ...message, header: 'x-note: Test Data' })).toEqual(nothing)
  expect(judge(sensor, { url: '/invoice-12?card=4111111111111111' })).toEqual(nothing)
})

test('rules are alternatives; masking outside of the body is a denial', () => {
  const rules = [
    { name: 'cards', patterns: [{ detector: 'card' }] },
    { name: 'ssn', patterns: [{ detector: 'ssn' }] },
  ]
  const sensor = { action: 'mask', rules }
  expect(judge(sensor, { body: 'card 4111111111111111' })).toEqual({
    action: 'mask',
    rules: ['cards'],
    found: ['body card 5'],
  })
  expect(judge(sensor, { url: '/?card=4111+1111+1111+1111' })).toEqual({
    action: 'deny',
    rules: ['cards'],
    found: ['url card 7'],
  })
})

test('every problem of a sensor with its path', () => {
  const parsed = parseSensor({
    action: 'drop',
    rules: [
      {
        name: 'a',
        patterns: [{ detector: 'cards' }, { regex: '(?=x)y' }, { regex: 'x', words: ['y'] }, { words: ['z'] }],
      },
      { name: 'b', patterns: [{ detector: 'card', have: false, contexts: ['packet'] }] },
      { name: 'c', patterns: [] },
    ],
  })
  expect(parsed.ok ? [] : parsed.problems.map(({ path }) => path)).toEqual([
    'name',
    'action',
    'rules[0].patterns[0].detector',
    'rules[0].patterns[1].regex',
    'rules[0].patterns[2]',
    'rules[0].patterns[3].words[0]',
    'rules[1].patterns[0].contexts',
    'rules[1].patterns',
    'rules[2].patterns',
  ])
})

test('exact data in a sensor', () => {
  const exact = { salt: Buffer.alloc(16).toString('base64'), hashes: [], lengths: [5] }
  expect(judge({ rules: [{ name: 'e', patterns: [{ exact }] }] }, { body: 'hello' })).toEqual(nothing)
})

test('masked in place: as long as before, nothing left to find, and still what it was', () => {
  const program = compileDetectors(detectors)
  for (const document of Object.values(documents)) {
    const masked = Buffer.from(document)
    mask(masked, scanAll(program, redact, [document]))
    expect(masked.length).toBe(document.length)
    expect(scanAll(program, redact, [masked])).toEqual([])
  }
})

test('masking leaves JSON and URLs whole, and what lies outside of a chunk alone', () => {
  const program = compileDetectors(detectors)
  const masked = (text: string) => {
    const bytes = Buffer.from(text)
    mask(bytes, scanAll(program, redact, [bytes]))
    return bytes.toString()
  }
  expect(masked('{"a":"\\u0034111111111111111","b":4111111111111111}')).toBe(
    '{"a":"\\u0030000000000000000","b":0000000000000000}',
  )
  expect(masked('m=jane.doe%40example.com&c=4111%201111%201111%201111')).toBe(
    'm=XXXX.XXX%30XXXXXXX.XXX&c=0000%300000%300000%300000',
  )
  const part = Buffer.from('1111 and more')
  mask(part, [{ offset: 0, length: 16 }], 12)
  expect(part.toString()).toBe('0000 and more')
})
