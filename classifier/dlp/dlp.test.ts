import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type PatternContext, patternContexts } from '../../xds-server/policy/sensor.ts'
import { createDlp } from './dlp.ts'
import { bodyCaps, type ContentOptions } from './inspection.ts'
import { maskBody } from './mask.ts'
import { redaction } from './redact.ts'
import { compileSensor, type SensorSpec } from './sensor.ts'

const redact = redaction(Buffer.from('key'))

type Rules = SensorSpec['rules']
type PatternSpec = Rules[number]['patterns'][number]
const found = { have: true, contexts: patternContexts, atLeast: 1 }
const detector = (name: string, more: Partial<PatternSpec> = {}) =>
  ({ kind: 'detector', detector: name, ...found, ...more }) as PatternSpec
const regex = (source: string, more: Partial<PatternSpec> = {}) =>
  ({ kind: 'regex', regex: source, ignoreCase: false, ...found, ...more }) as PatternSpec
const words = (list: readonly string[], more: Partial<PatternSpec> = {}) =>
  ({ kind: 'words', words: list, ignoreCase: true, wholeWords: true, ...found, ...more }) as PatternSpec
const rule = (name: string, ...patterns: readonly PatternSpec[]) => ({ name, patterns })

function aSensor(rules: Rules, more: Partial<SensorSpec> = {}) {
  const compiled = compileSensor({ name: 's', mask: false, body: { inspectBytes: 1e6 }, rules, ...more })
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.value
}

type Message = Partial<Record<PatternContext, string | Buffer>>

function inspect(sensors: readonly ReturnType<typeof aSensor>[], message: Message, content: ContentOptions = {}) {
  const inspection = createDlp(sensors, redact).begin(content)
  for (const [part, text] of Object.entries(message)) inspection.push(part as PatternContext, Buffer.from(text))
  return inspection.finish()
}

/** Of each rule that holds what it found. */
function judge(rules: Rules, message: Message, content?: ContentOptions) {
  const [verdict] = inspect([aSensor(rules)], message, content).sensors
  return Object.fromEntries(
    verdict!.rules.map(({ name, findings }) => [name, findings.map((f) => `${f.part} ${f.detector} ${f.offset}`)]),
  )
}

test('patterns of a rule must all hold; what must not be there is not there', () => {
  const rules = [
    rule(
      'export',
      detector('card', { contexts: ['body'] }),
      regex('invoice-\\d+', { contexts: ['url'] }),
      words(['test data'], { have: false }),
    ),
  ]
  const message = { url: '/invoice-12', body: 'card 4111111111111111' }
  expect(judge(rules, message)).toEqual({ export: ['url export/2 1', 'body card 5'] })
  expect(judge(rules, { ...message, url: '/x' })).toEqual({})
  expect(judge(rules, { ...message, header: 'x-note: Test Data' })).toEqual({})
  expect(judge(rules, { url: '/invoice-12?card=4111111111111111' })).toEqual({})
})

test('rules are alternatives', () => {
  const rules = [rule('cards', detector('card')), rule('ssn', detector('ssn'))]
  expect(judge(rules, { header: 'ssn 536-90-4399', body: 'card 4111111111111111' })).toEqual({
    cards: ['body card 5'],
    ssn: ['header ssn 4'],
  })
})

test('so many different values: equal ones count once, however they are written and wherever they are', () => {
  const rules = [
    rule('many', detector('card', { atLeast: 3 })),
    rule('not many', detector('card'), detector('card', { atLeast: 2, have: false })),
  ]
  const [visa, amex, master] = ['4111111111111111', '378282246310005', '5555555555554444']
  const of = (...values: readonly string[]) => Object.keys(judge(rules, { body: values.join(', ') }))
  expect(of(visa!, visa!, '4111-1111-1111-1111')).toEqual(['not many'])
  expect(of(visa!, amex!, visa!, amex!)).toEqual([])
  expect(of(visa!, amex!, master!)).toEqual(['many'])
  expect(Object.keys(judge(rules, { url: `/?${visa}`, header: `x: ${amex}`, body: `${visa} ${master}` }))).toEqual([
    'many',
  ])
  expect(Object.keys(judge(rules, { url: `/?${visa}`, body: amex! }))).toEqual([])
  expect(of(...Array(1500).fill(visa), amex!, master!)).toEqual(['many'])
  const emails = [rule('list', detector('email', { atLeast: 1000 }))]
  const list = (n: number) => Array.from({ length: n }, (_, i) => `user${i}@example.com`).join(' ')
  expect([999, 1000].map((n) => Object.keys(judge(emails, { body: list(n) })))).toEqual([[], ['list']])
})

test('several sensors in one pass: each one is judged as if it were alone', () => {
  const shared = [
    aSensor([rule('a', regex('PRJ-\\d+')), rule('c', detector('card'))], { name: 'one' }),
    aSensor([rule('b', detector('ssn', { have: false }), regex('PRJ-\\d+'))], { name: 'two', mask: true }),
    aSensor([rule('d', words(['falcon']), detector('card', { atLeast: 2 }))], { name: 'three' }),
    aSensor([rule('e', words(['falcon'], { contexts: ['url'] }))], { name: 'four' }),
  ]
  const messages: readonly Message[] = [
    { body: 'PRJ-12 4111111111111111 falcon' },
    { body: 'PRJ-12 536-90-4399 falcon 4111111111111111 378282246310005', url: '/falcon' },
    {},
  ]
  for (const message of messages) {
    const together = inspect(shared, message)
    expect(together.sensors).toEqual(shared.flatMap((sensor) => inspect([sensor], message).sensors))
  }
  const [one, two] = inspect(shared, messages[0]!).sensors
  expect(one!.rules.map(({ findings }) => findings.map((f) => f.detector))).toEqual([['a/1'], ['card']])
  expect(two).toMatchObject({ sensor: 'two', rules: [{ name: 'b', findings: [{ detector: 'b/2' }], found: 1 }] })
})

test('no sensors, nothing to say', () => {
  expect(inspect([], { body: 'x' })).toEqual({ sensors: [], partial: 'only 0 bytes of the body were looked at' })
  expect(inspect([], { url: 'x' })).toEqual({ sensors: [], partial: undefined })
})

test('forms and queries have spaces for plus signs, other bodies have plus signs', () => {
  const rules = [rule('r', detector('card'))]
  const body = 'card=4111+1111+1111+1111'
  expect(judge(rules, { url: `/?${body}` })).toEqual({ r: ['url card 7'] })
  expect(judge(rules, { body }, { contentType: 'Application/x-www-form-urlencoded; charset=utf-8' })).toEqual({
    r: ['body card 5'],
  })
  expect(judge(rules, { body }, { contentType: 'text/plain' })).toEqual({})
  expect(judge(rules, { header: body })).toEqual({})
})

test('coded bodies are decoded; what can not be is looked at as it is and said to be partial', () => {
  const rules = [rule('r', detector('card'))]
  const body = gzipSync('card 4111111111111111')
  expect(judge(rules, { body }, { contentEncoding: 'gzip' })).toEqual({ r: ['body card 5'] })
  const short = inspect([aSensor(rules)], { body: body.subarray(0, -1) }, { contentEncoding: 'gzip' })
  expect(short).toMatchObject({
    partial: 'content coding gzip: unexpected end of file',
    sensors: [{ rules: [{ name: 'r' }] }],
  })
})

test('only so much of a body is looked at, by each sensor as it says; a number is not cut in two there', () => {
  const rules = [rule('r', detector('card'))]
  const sensors = [19, 20, 60].map((inspectBytes) => aSensor(rules, { body: { inspectBytes } }))
  const holding = (body: string) => {
    const { sensors: verdicts, partial } = inspect(sensors, { body })
    return [verdicts.map(({ rules: [held] }) => held?.findings.length ?? 0), partial]
  }
  expect(holding('x: \n4111111111111111')).toEqual([[0, 1, 1], undefined])
  expect(holding('x: \n41111111111111110')).toEqual([[0, 0, 0], undefined])
  expect(holding(`${'.'.repeat(60)} 4111111111111111`)).toEqual([[0, 0, 0], 'only 60 bytes of the body were looked at'])
  const cut = aSensor(rules, { body: { inspectBytes: 16 } })
  expect(inspect([cut], { body: '41111111111111110' }).sensors[0]!.rules).toEqual([])
})

test('findings are kept up to a number, all are counted', () => {
  const [verdict] = inspect([aSensor([rule('r', detector('card'))])], {
    body: '378282246310005, '.repeat(1200),
  }).sensors
  expect([verdict!.rules[0]!.findings.length, verdict!.rules[0]!.found]).toEqual([1000, 1200])
})

test('what a masking sensor found in the body is to be overwritten, in what it decodes to', () => {
  const rules = [
    rule('cards', detector('card'), words(['ignore'], { have: false })),
    rule('marked', words(['falcon'], { contexts: ['url'] }), detector('ssn')),
  ]
  const sensors = [aSensor(rules, { mask: true }), aSensor([rule('mail', detector('email'))])]
  const text = 'card 4111111111111111, ssn 536-90-4399, mail jane@example.com'
  const body = gzipSync(text)
  const masked = (message: Message) => {
    const spans = inspect(sensors, { ...message, body }, { contentEncoding: 'gzip' }).sensors.flatMap(
      ({ masks }) => masks,
    )
    const done = maskBody(body, 'gzip', spans, bodyCaps)
    return done.ok ? done.value.toString() : done.problems
  }
  expect(masked({})).toBe('card 0000000000000000, ssn 536-90-4399, mail jane@example.com')
  expect(masked({ url: '/falcon' })).toBe('card 0000000000000000, ssn 000-00-0000, mail jane@example.com')
  expect(masked({ url: '/falcon', header: 'x: ignore' })).toBe(
    'card 4111111111111111, ssn 000-00-0000, mail jane@example.com',
  )
  expect(maskBody(body.subarray(0, -1), 'gzip', [], bodyCaps)).toEqual({
    ok: false,
    problems: [{ path: 'body', message: 'content coding gzip: unexpected end of file' }],
  })
})

test('every pattern that can not be compiled with its path', () => {
  const compiled = compileSensor({
    name: 's',
    mask: false,
    body: { inspectBytes: 1 },
    rules: [
      rule('a', detector('cards'), regex('ab(?>x)y'), words(['z'])),
      rule('b', detector('card', { have: false })),
      rule('c'),
      rule('d', detector('card', { atLeast: 0 }), { ...found, kind: 'exact', salt: 'AAAA', hashes: [], lengths: [] }),
      rule('e', ...Array(17).fill(detector('card'))),
    ],
  })
  expect(compiled.ok ? [] : compiled.problems.map(({ path, position }) => [path, position])).toEqual([
    ['rules[0].patterns[0].detector', undefined],
    ['rules[0].patterns[1].regex', 2],
    ['rules[0].patterns[2].words[0]', undefined],
    ['rules[1].patterns', undefined],
    ['rules[2].patterns', undefined],
    ['rules[3].patterns[0].atLeast', undefined],
    ['rules[3].patterns[1].salt', undefined],
    ['rules[4].patterns', undefined],
  ])
})

test('exact data in a sensor', () => {
  const exact = {
    ...found,
    kind: 'exact',
    salt: Buffer.alloc(16).toString('base64'),
    hashes: [],
    lengths: [5],
  } as const
  expect(judge([rule('e', exact)], { body: 'hello' })).toEqual({})
})
