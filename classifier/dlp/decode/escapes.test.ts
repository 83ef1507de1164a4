import fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapes } from './escapes.ts'
import { utf16 } from './utf16.ts'

/** How it is written, and which bytes that means. */
type Unit = readonly [written: Buffer, meant: Buffer]

const plain = fc.constantFrom(...'aZ09 {}":=&').map((c): Unit => [Buffer.from(c), Buffer.from(c)])
const byte = fc
  .nat({ max: 255 })
  .map((b): Unit => [Buffer.from(`%${b.toString(16).padStart(2, '0')}`), Buffer.from([b])])
const upperByte = fc
  .nat({ max: 255 })
  .map((b): Unit => [Buffer.from(`%${b.toString(16).padStart(2, '0').toUpperCase()}`), Buffer.from([b])])
const codes = fc.oneof(
  fc.nat({ max: 0x2ff }),
  fc.nat({ max: 0xd7ff }),
  fc.constantFrom(0x7f, 0x80, 0x7ff, 0x800, 0xffff),
)
const unicode = codes.map(
  (code): Unit => [Buffer.from(`\\u${code.toString(16).padStart(4, '0')}`), Buffer.from(String.fromCharCode(code))],
)
const hexByte = fc
  .nat({ max: 255 })
  .map((b): Unit => [Buffer.from(`\\x${b.toString(16).padStart(2, '0')}`), Buffer.from(String.fromCharCode(b))])
const simple = fc
  .constantFrom(
    ['\\n', '\n'],
    ['\\"', '"'],
    ['\\\\', '\\'],
    ['\\/', '/'],
    ['\\t', '\t'],
    ['\\b', '\b'],
    ['\\f', '\f'],
    ["\\'", "'"],
    ['\\r', '\r'],
  )
  .map(([written, meant]): Unit => [Buffer.from(written!), Buffer.from(meant!)])
/** What begins like an escape and is none; what follows it is no hexadecimal digit. */
const broken = fc
  .constantFrom('% ', '%4 ', '\\u12 ', '\\x ', '\\q', '%zz', '\\u00g0')
  .map((text): Unit => [Buffer.from(text), Buffer.from(text)])
const units = fc.array(fc.oneof(plain, byte, upperByte, unicode, hexByte, simple, broken), { maxLength: 40 })

function through(stage: ReturnType<typeof escapes>, text: Buffer, cuts: readonly number[]): Buffer {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b)
  const pieces = places.slice(1).map((end, i) => Buffer.from(stage.push(text.subarray(places[i], end))))
  return Buffer.concat([...pieces, stage.finish()])
}

test('escapes of every kind, cut anywhere; every byte knows where it comes from', () => {
  fc.assert(
    fc.property(units, fc.array(fc.nat({ max: 1000 }), { maxLength: 4 }), (list, cuts) => {
      const stage = escapes(false)
      const text = Buffer.concat(list.map(([written]) => written))
      expect(through(stage, text, cuts).toString('latin1')).toBe(
        Buffer.concat(list.map(([, meant]) => meant)).toString('latin1'),
      )
      let [from, out] = [0, 0]
      for (const [written, meant] of list) {
        if (meant.length > 0) {
          expect(stage.start(out)).toBe(from)
          expect(stage.end(out + meant.length)).toBe(from + written.length)
        }
        from += written.length
        out += meant.length
      }
    }),
    { numRuns: 1000 },
  )
})

test('in forms plus signs are spaces, escaped ones are plus signs', () => {
  const form = Buffer.from('a+b=%2B+c')
  for (let at = 0; at <= form.length; at++) {
    expect(through(escapes(true), form, [at]).toString()).toBe('a b=+ c')
    expect(through(escapes(false), form, [at]).toString()).toBe('a+b=++c')
  }
  expect(form.toString()).toBe('a+b=%2B+c')
})

test('UTF-16 in both orders, with a mark and without one, cut anywhere; everything else as it came', () => {
  const text = 'card 4111 é €\u4f60 and so on, until there is enough of it to see what it is'
  const little = Buffer.from(text, 'utf16le')
  const big = Buffer.from(little).swap16()
  const marked = (bytes: Buffer, mark: readonly number[]) => Buffer.concat([Buffer.from(mark), bytes])
  const cases: readonly (readonly [Buffer, string])[] = [
    [little, text],
    [big, text],
    [marked(little, [0xff, 0xfe]), `\ufeff${text}`],
    [marked(big, [0xfe, 0xff]), `\ufeff${text}`],
    [Buffer.from(text), text],
    [Buffer.from('ab'), 'ab'],
    [Buffer.from('a\0b\0', 'latin1'), 'ab'],
    [Buffer.from('\0a\0b', 'latin1'), 'ab'],
    [Buffer.from('\0\0\0\0'), '\0\0\0\0'],
    [Buffer.from('a\0b', 'latin1'), 'a\0b'],
  ]
  for (const [bytes, expected] of cases)
    for (let at = 0; at <= bytes.length; at++) expect(through(utf16(), bytes, [at]).toString(), `${at}`).toBe(expected)
  const stage = utf16()
  through(stage, little, [])
  expect([0, 5, 10].map((out) => [stage.start(out), stage.end(out)])).toEqual([
    [0, 0],
    [10, 10],
    [20, 20],
  ])
})
