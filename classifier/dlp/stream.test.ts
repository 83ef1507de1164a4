import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dictionaryDetector } from './custom/dictionary.ts'
import { regexDetector } from './custom/regex.ts'
import { detectors } from './detectors.ts'
import { aheadBytes, findingsEach, maxFindings } from './limits.ts'
import type { Detector } from './model.ts'
import { compileDetectors } from './program.ts'
import { redaction } from './redact.ts'
import { Report } from './report.ts'
import { DlpStream, scanAll } from './stream.ts'
import { documents } from './testdata/documents.ts'
import { type Chance, carriers, chance, hardNegatives, labels } from './testdata/labelled.ts'

const custom = regexDetector('project', '\\bPRJ-[0-9a-f]{4,40}')
const program = compileDetectors([...detectors, ...(custom.ok ? [custom.value] : [])])
const redact = redaction(Buffer.from('key'))
const scan = (...chunks: readonly Buffer[]) => scanAll(program, redact, chunks).findings

/** Detector and the beginning of the original bytes it points at. */
function spans(document: Buffer): readonly string[] {
  return scan(document).map(({ detector, offset, length }) => {
    return `${detector} ${document.toString('latin1', offset, offset + Math.min(length, 44))}`
  })
}

test('numbers: the valid ones where they stand, and none of the look-alikes', () => {
  expect(spans(documents.numbers!)).toEqual([
    'card 4111 1111 1111 1111',
    'card 378282246310005',
    'iban DE89 3704 0044 0532 0130 00',
    'iban GB82WEST12345698765432',
    'ssn 536-90-4399',
    'ssn 536904399',
    'itin 912-70-1234',
    'aba 021000021',
    'nino AB123456C',
    'nino AB 12 34 56 C',
    'sin 123 456 782',
    'nhs 943 476 5919',
    'npi 1234567893',
    'mbi 1EG4-TE5-MK73',
    'aadhaar 2341 2341 2346',
    'cpf 529.982.247-25',
    'nif 12345678Z',
    'nif X1234567L',
    'pesel 44051401359',
    'vin 1M8GDM9AXKP042788',
  ])
})

test('secrets', () => {
  expect(spans(documents.secrets!)).toEqual([
    'email jane.doe@example.com',
    'phone +49 30 901820',
    'phone (415) 555-2671',
    'jwt eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWI',
    'aws-access-key AKIAIOSFODNN7EXAMPLE',
    'github-token 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',
    'basic-auth bob:s3cr3t-pw',
    'private-key -----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKC',
  ])
})

test('what is encoded is found, at its place in the original', () => {
  expect(spans(documents.escaped!)).toEqual([
    `card ${'4111111111111111'}`,
    'card %34%31%31%31%31%31%31%31%31%31%31%31%31%31%3',
  ])
  expect(spans(documents.form!)).toEqual(['card 4111%201111%201111%201111', 'email jane.doe%40example.com'])
  expect(spans(documents.utf16!).map((span) => span.replaceAll('\0', ''))).toEqual([
    'card 4111 1111 1111 1111',
    'email jane.doe@example.com',
  ])
  const decoded = scan(documents.base64!).map(({ detector }) => detector)
  expect(decoded).toEqual(['card', ...scan(documents.numbers!).map(({ detector }) => detector)])
})

test('nothing in ordinary text, in tables of numbers, in a number with one wrong digit', () => {
  expect(spans(documents.nothing!)).toEqual([])
})

test('cut in two anywhere, and byte by byte: the same findings', () => {
  const far = Buffer.concat([documents.numbers!, Buffer.alloc(2 * aheadBytes, 'lorem ipsum '), documents.secrets!])
  const places = [...Array(400).keys()].map((i) => 1 + ((i * 7919) % (far.length - 1)))
  for (const document of Object.values(documents)) {
    const whole = scan(document)
    for (let at = 1; at < document.length; at++)
      expect(scan(document.subarray(0, at), document.subarray(at)), `cut at ${at}`).toEqual(whole)
    expect(scan(...Array.from(document, (byte) => Buffer.from([byte])))).toEqual(whole)
  }
  const whole = scan(far)
  for (const at of places) expect(scan(far.subarray(0, at), far.subarray(at))).toEqual(whole)
})

test('regexes of the user too: across the windows they are run in', () => {
  const text = Buffer.from('x PRJ-0123456789abcdef y '.repeat(30))
  const whole = scan(text)
  expect(whole.map(({ offset }) => offset)).toEqual(Array.from({ length: 30 }, (_, i) => i * 25 + 2))
  for (let at = 1; at < text.length; at++) expect(scan(text.subarray(0, at), text.subarray(at))).toEqual(whole)
})

test('whatever services send, with patterns and words of the user’s, in pieces of any size: the same findings', () => {
  const words = dictionaryDetector('digits', ['jane', '007', '12', 'status=200'], { wholeWords: false })
  const pattern = regexDetector('pattern', '\\b\\d{4}-\\d{2}\\b')
  if (!words.ok || !pattern.ok) throw new Error('detectors')
  const all = compileDetectors([...detectors, words.value, pattern.value])
  const found = (pieces: readonly Buffer[]) => scanAll(all, redact, pieces).findings
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.nat(), { maxLength: 60 }), (seed, cuts) => {
      const document = Buffer.from(aDocument(chance(seed)))
      const places = [0, ...cuts.map((cut) => cut % document.length), document.length].sort((a, b) => a - b)
      const pieces = places.slice(1).map((end, i) => document.subarray(places[i], end))
      expect(found(pieces)).toEqual(found([document]))
    }),
    { numRuns: 150 },
  )
})

/** Some of everything that the labelled set has, longer than what is looked at ahead. */
function aDocument(c: Chance): string {
  const pieces = Array.from({ length: 3 + c.below(10) }, () => {
    if (c.below(3) === 0) return c.pick(Object.values(hardNegatives))(c)
    const { keys, make, printed } = c.pick(Object.values(labels))
    const value = make(c)
    return c.pick(Object.values(carriers))(c.pick(keys), printed && c.below(2) === 1 ? printed(value, c) : value, c)
  })
  return pieces.join('')
}

test('a value is in nothing that comes out', () => {
  for (const document of Object.values(documents)) {
    const said = JSON.stringify(scan(document))
    for (const value of ['4111111111111111', '4111 1111', '536904399', 'jane.doe', 's3cr3t', 'zQWBuTSO', 'MIIEow'])
      expect(said).not.toContain(value)
  }
})

test('samples compare under one key and under no other', () => {
  const [one, two] = scan(Buffer.from('card 4111111111111111, 4111111111111111'))
  expect(one!.sample).toBe(two!.sample)
  expect(one!.sample).toMatch(/^41…11 #[0-9a-f]{10}$/)
  const [other] = scanAll(program, redaction(), [Buffer.from('card 4111111111111111')]).findings
  expect(other!.sample).not.toBe(one!.sample)
})

test('things are found before the end; a million cards are counted, not kept, and do not hide what comes after them', () => {
  const report = new Report(redact)
  const stream = new DlpStream(program, (hit) => report.add(hit))
  stream.push(Buffer.from(`card 4111111111111111 ${'.'.repeat(2 * aheadBytes)}`))
  expect(report.found).toBe(1)
  stream.push(Buffer.from('378282246310005, '.repeat(2000)))
  stream.push(Buffer.from('jane@example.com '.repeat(2 * findingsEach)))
  stream.finish()
  const count = (name: string) => report.findings.filter(({ detector }) => detector === name).length
  expect([report.found, count('card'), count('email')]).toEqual([2001 + 2 * findingsEach, maxFindings, findingsEach])
})

test('detectors see no further than their windows', () => {
  // A detector that reports how much it was shown would differ by the cut; the real ones are held to it by the cuts above.
  const peeking: Detector = {
    name: 'peeking',
    trigger: { kind: 'words', words: ['!'], ignoreCase: false },
    find: (text, from) =>
      text.length - from >= aheadBytes ? { start: from, end: from + 1, strength: 'certain' } : undefined,
  }
  const text = Buffer.concat([Buffer.from('!'), Buffer.alloc(3 * aheadBytes, 'x')])
  const only = compileDetectors([peeking])
  for (const at of [1, 2, aheadBytes, aheadBytes + 1])
    expect(scanAll(only, redact, [text.subarray(0, at), text.subarray(at)]).findings).toHaveLength(1)
})
