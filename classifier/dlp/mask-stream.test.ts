import { brotliCompressSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { detectors } from './detectors.ts'
import { createDlp } from './dlp.ts'
import { aheadBytes, behindBytes } from './limits.ts'
import { inBody, mask, type Span } from './mask.ts'
import { compileDetectors } from './program.ts'
import { redaction } from './redact.ts'
import { compileSensor } from './sensor.ts'
import { DlpStream } from './stream.ts'
import { documents } from './testdata/documents.ts'

const masked = ['card', 'iban', 'email', 'ssn', 'private-key', 'jwt', 'github-token', 'phone']
const found = { have: true, contexts: ['body'], atLeast: 1 } as const
const rules = masked.map((detector) => ({
  name: detector,
  patterns: [{ kind: 'detector' as const, detector, ...found }],
}))
const project = {
  name: 'project',
  patterns: [{ kind: 'regex' as const, regex: 'PRJ-\\d+', ignoreCase: false, ...found }],
}
const compiled = compileSensor({ name: 's', mask: true, body: { inspectBytes: 100 }, rules: [...rules, project] })
const alerting = compileSensor({
  name: 'alert',
  mask: false,
  body: { inspectBytes: 100 },
  rules: [{ name: 'pesel', patterns: [{ kind: 'detector', detector: 'pesel', ...found }] }],
})
if (!compiled.ok || !alerting.ok) throw new Error('sensors')
const dlp = createDlp([compiled.value, alerting.value], redaction(Buffer.from('key')))

function pass(pieces: readonly Buffer[], contentEncoding = '') {
  const inspection = dlp.begin({ contentEncoding })
  const stream = inspection.masked()
  const out = [...pieces.map((piece) => stream.push(piece)), stream.finish()]
  return { out: Buffer.concat(out), verdict: inspection.finish(), problem: stream.problem }
}

const program = compileDetectors(detectors.filter(({ name }) => masked.includes(name)))
function hitsIn(text: Buffer): readonly Span[] {
  const spans: Span[] = []
  const stream = new DlpStream(program, ({ offset, length }) => spans.push({ offset, length }))
  stream.push(text)
  stream.finish()
  return spans
}

const filler = (length: number) => Buffer.alloc(length, 'the quick brown fox jumps over it\n')
const cutAt = (bytes: Buffer, places: readonly number[]): readonly Buffer[] => {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end))
}
const { base64, escaped, form, numbers, secrets } = documents
const pieces = [numbers!, secrets!, escaped!, base64!, form!, filler(300), filler(9000)]
/** Which pieces, one behind the other: short enough to read where a test fails. */
const texts = fc.array(fc.nat({ max: pieces.length - 1 }), { minLength: 1, maxLength: 6 })
const textOf = (list: readonly number[]): Buffer => Buffer.concat(list.map((i) => pieces[i]!))
const places = fc.array(fc.nat({ max: 1e6 }), { maxLength: 8 })

test('wherever it is cut, coded or not: what mask() makes of the whole body, and nothing is left to find', () => {
  fc.assert(
    fc.property(texts, places, fc.constantFrom('', 'gzip', 'br'), (list, cuts, encoding) => {
      const text = textOf(list)
      const expected = Buffer.from(text)
      mask(expected, hitsIn(text).toSorted(inBody))
      const sent = encoding === '' ? text : encoding === 'gzip' ? gzipSync(text) : brotliCompressSync(text)
      const { out, verdict, problem } = pass(cutAt(sent, cuts), encoding)
      expect(problem).toBeUndefined()
      expect(out.equals(expected)).toBe(true)
      expect(hitsIn(out)).toEqual([])
      expect(verdict).toEqual(pass([sent], encoding).verdict)
    }),
    { numRuns: 60 },
  )
})

test('only what was found is changed: every other byte is as it came', () => {
  fc.assert(
    fc.property(texts, places, (list, cuts) => {
      const text = textOf(list)
      const { out } = pass(cutAt(text, cuts))
      const inside = new Uint8Array(text.length)
      for (const { offset, length } of hitsIn(text)) inside.fill(1, offset, offset + length)
      expect(out.length).toBe(text.length)
      expect(out.every((byte, i) => inside[i] === 1 || byte === text[i])).toBe(true)
    }),
    { numRuns: 60 },
  )
})

test('byte by byte, what is held back is what detectors may look at, no more and no less', () => {
  const text = Buffer.concat([filler(200), Buffer.from('PRJ-123 card 4111111111111111 '), filler(6000), numbers!])
  const stream = dlp.begin().masked()
  let left = 0
  const out = Array.from(text, (byte, i) => {
    const leaving = stream.push(Buffer.from([byte]))
    left += leaving.length
    expect(i + 1 - left).toBe(Math.min(i + 1, behindBytes + aheadBytes))
    return leaving
  })
  const whole = Buffer.concat([...out, stream.finish()])
  expect(whole.toString('latin1', 200, 230)).toBe('XXX-000 card 0000000000000000 ')
  expect(whole.equals(pass([text]).out)).toBe(true)
})

test('in a long run of base64 the lag is a third more, and what is found in it is overwritten', () => {
  const inner = Buffer.concat([filler(9000), Buffer.from('\ncard 4111111111111111\n'), filler(20_000)])
  const text = Buffer.from(`data: ${inner.toString('base64')} end`)
  const stream = dlp.begin().masked()
  const early = stream.push(text.subarray(0, -100))
  expect(text.length - early.length).toBeLessThan(((behindBytes + aheadBytes) * 4) / 3 + 200)
  const whole = Buffer.concat([early, stream.push(text.subarray(-100)), stream.finish()])
  expect(hitsIn(text)).toHaveLength(1)
  expect(hitsIn(whole)).toEqual([])
  expect(whole.length).toBe(text.length)
})

test('an event stream: nothing is held back at the end of an event; findings keep their places in the body', () => {
  const inspection = dlp.begin({ contentType: 'text/event-stream' })
  const stream = inspection.masked()
  const events = ['data: card 4111111111111111\n\n', 'data: hello\n\n', 'data: mail jane@example.com\n\n']
  const out = events.map((event) => {
    const half = stream.push(Buffer.from(event.slice(0, 12)))
    return Buffer.concat([half, stream.push(Buffer.from(event.slice(12))), stream.flush()]).toString()
  })
  expect(out).toEqual(['data: card 0000000000000000\n\n', 'data: hello\n\n', 'data: mail XXXXXXXXXXXX.XXX\n\n'])
  expect(stream.finish()).toHaveLength(0)
  const { sensors } = inspection.finish()
  expect(sensors[0]!.rules.map(({ name, findings }) => [name, findings.map(({ offset }) => offset)])).toEqual([
    ['card', [11]],
    ['email', [events.join('').indexOf('jane')]],
  ])
})

test('a body that is not what its coding says leaves as it came, and says so at once', () => {
  const stream = dlp.begin({ contentEncoding: 'gzip' }).masked()
  const first = stream.push(Buffer.from('card 4111111111111111'))
  expect(stream.problem).toBe('content coding gzip: incorrect header check')
  expect(Buffer.concat([first, stream.finish()]).toString()).toBe('card 0000000000000000')
})
