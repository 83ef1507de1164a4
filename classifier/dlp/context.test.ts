import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contextWordsOf, isNear, isOther } from './context.ts'
import { contextBytes, contextWords } from './limits.ts'
import { Nearby } from './nearby.ts'

const lists = [['ssn', 'social security', 'tax id'], undefined, ['card', 'número', 'cvv2'], ['ns']]
const context = contextWordsOf(lists.map((list) => (list ? { context: list } : {})))

/** As one would write it for a text that is a string. */
function wordsIn(text: string): readonly string[] {
  const apart = text.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[A-Z]/g, (c) => c.toLowerCase())
  return apart.split(/[^a-z0-9\x80-\xff]+/).filter((word) => word !== '' && !/^\d/.test(word))
}

/** What stands behind, without a word that goes on where one looks no further. */
function uncut(text: string, end: number): string {
  const to = end + contextBytes
  const goesOn =
    /[A-Za-z0-9\x80-\xff]{2}/.test(text.slice(to - 1, to + 1)) && !/[a-z][A-Z]/.test(text.slice(to - 1, to + 1))
  return goesOn ? withoutLastWord(text.slice(end, to)) : text.slice(end, to)
}

/** `taxIdSec` is three words, of which only the last goes. */
function withoutLastWord(text: string): string {
  let at = text.length
  while (at > 0 && /[A-Za-z0-9\x80-\xff]/.test(text[at - 1]!)) {
    at -= 1
    if (/^[a-z][A-Z]$/.test(text.slice(at - 1, at + 1))) break
  }
  return text.slice(0, at)
}

function isNearSlowly(list: readonly string[], text: string, start: number, end: number): boolean {
  const from = Math.max(0, start - contextBytes)
  const cut =
    from > 0
      ? text.slice(from, start).replace(/^[A-Za-z0-9\x80-\xff]+?(?=[^A-Za-z0-9\x80-\xff]|(?<=[a-z])[A-Z]|$)/, '')
      : text.slice(from, start)
  const sides = [wordsIn(cut).slice(-contextWords), wordsIn(uncut(text, end)).slice(0, contextWords)]
  return list.some((phrase) =>
    sides.some((words) =>
      ` ${words.join(' ')} `.includes(` ${wordsIn(Buffer.from(phrase, 'utf8').toString('latin1')).join(' ')} `),
    ),
  )
}

const word = fc.constantFrom(
  'ssn',
  'SSN',
  'social',
  'Security',
  'taxId',
  'tax',
  'id',
  'card',
  'creditCard',
  'cards',
  'cvv2',
  '2cvv2',
  'n\xc3\xbamero',
  'ns',
  'answer',
  '12',
  'x',
  'lorem',
)
const separator = fc.constantFrom(' ', '_', '-', ': ', '\n', '   ', '"', '', '.'.repeat(40))
const text = fc.array(fc.tuple(word, separator), { maxLength: 40 }).map((list) => list.flat().join(''))

test('near: as cutting the text into words says, and never missed by the look before it', () => {
  fc.assert(
    fc.property(text, text, fc.constantFrom('"', ' ', '='), (before, behind, glue) => {
      const whole = `${before}${glue}123456789${glue}${behind}`
      const bytes = Buffer.from(whole, 'latin1')
      const start = before.length + glue.length
      const end = start + 9
      for (const detector of [0, 2, 3]) {
        const near = isNear(context, detector, bytes, start, end)
        expect(near, `detector ${detector}`).toBe(isNearSlowly(lists[detector]!, whole, start, end))
        const seen = new Nearby(context, bytes).bits(start, end) & context.bits[detector]!
        if (near) expect(seen).not.toBe(0)
      }
    }),
    { numRuns: 2000 },
  )
})

test('tables of numbers have no words near, and long findings have those beside their ends', () => {
  const numbers = Buffer.from('123456789,987654321,123.45,99\n'.repeat(40))
  expect(new Nearby(context, numbers).bits(600, 609)).toBe(0)
  const long = Buffer.from(`ssn ${'x'.repeat(500)} card`)
  expect(new Nearby(context, long).bits(4, 504)).toBe(context.bits[0]! | context.bits[2]!)
  expect(new Nearby(context, long).bits(200, 209)).toBe(0)
})

test('a word that goes on where one looks no further is not the word', () => {
  const near = (before: string, behind: string) =>
    isNear(context, 3, Buffer.from(`${before}123456789${behind}`), before.length, before.length + 9)
  const dots = '.'.repeat(contextBytes - 2)
  expect([near('', `${dots}ns`), near('', `${dots}ns `), near('', `${dots}nsx`), near('', `.${dots}ns`)]).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect([near(`ns${dots}`, ''), near(` ns${dots}`, ''), near(`ans${dots}`, '')]).toEqual([true, false, false])
  expect(near(`  ns${dots.slice(1)}`, '')).toBe(true)
})

test('six words away is near, seven is not; numbers are no words', () => {
  const near = (before: string) =>
    isNear(context, 3, Buffer.from(`${before} 123456789`), before.length + 1, before.length + 10)
  expect(near('ns a b c d e')).toBe(true)
  expect(near('ns a b c d e f')).toBe(false)
  expect(near('ns 1 22 3x a b c d e')).toBe(true)
})

test('what stands right before it may say that it is something else', () => {
  const lists = contextWordsOf([{ context: ['card'], unless: ['order', 'id'] }, { context: ['card'] }])
  const isOtherOf = (before: string, detector = 0) =>
    isOther(lists, detector, Buffer.from(`${before}123`), before.length)
  expect(['order ', 'orderId":"', 'order_no: ', 'Order Number  ', 'id=" \''].map((text) => isOtherOf(text))).toEqual(
    Array(5).fill(true),
  )
  expect(['order of ', 'id=.....', 'number ', 'no order, card ', '', 'orders '].map((text) => isOtherOf(text))).toEqual(
    Array(6).fill(false),
  )
  expect(isOtherOf('order ', 1)).toBe(false)
})
