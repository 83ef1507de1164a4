import { expect, test } from 'vitest'
import type { Io } from './io.ts'
import { clean, print, table } from './output.ts'
import { quietIo } from './testdata/quiet-io.ts'
import { ago, duration, size } from './time.ts'

const plain = quietIo().io
const colourful: Io = { ...plain, colour: true }

type Row = { readonly name: string; readonly verdict: string }
const columns = [
  { title: 'NAME', text: (r: Row) => r.name },
  { title: 'VERDICT', text: (r: Row) => r.verdict, colour: () => 'red' as const },
]
const rows: readonly Row[] = [
  { name: 'a-long-name', verdict: 'deny' },
  { name: 'b', verdict: 'allow' },
]

test('columns are as wide as their widest cell, without trailing blanks', () => {
  expect(table(plain, columns, rows, '')).toBe('NAME         VERDICT\na-long-name  deny\nb            allow\n')
})

test('colours only where the terminal shows them', () => {
  const [bold, red, end] = ['\u001b[1m', '\u001b[31m', '\u001b[0m']
  expect(table(colourful, columns, [rows[1]!], '')).toBe(`${bold}NAME  VERDICT${end}\nb     ${red}allow${end}\n`)
})

test('an empty table says why it is empty', () => {
  expect(table(plain, columns, [], 'No flow fits.')).toBe('No flow fits.\n')
})

test('what came from the network can not write on the screen', () => {
  expect(clean('/a\u001b[2J\u009b1m\u202egpj')).toBe('/a\\u{1b}[2J\\u{9b}1m\\u{202e}gpj')
  const row = { name: '\u001b]0;x\u0007', verdict: 'a\nb' }
  expect(table(plain, columns, [row], '')).toBe('NAME             VERDICT\n\\u{1b}]0;x\\u{7}  a\\u{a}b\n')
})

test('JSON and YAML print the value, not the table', () => {
  const { io, output } = quietIo()
  print(io, 'json', { a: [1] }, () => 'table\n')
  print(io, 'yaml', { a: [1] }, () => 'table\n')
  print(io, 'table', { a: [1] }, () => 'table\n')
  expect(output()).toBe('{\n  "a": [\n    1\n  ]\n}\na:\n  - 1\ntable\n')
})

test.each([
  ['90s', 90_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
])('%s is %i ms', (text, milliseconds) => expect(duration(text)).toBe(milliseconds))

test.each(['10', 'm', '1.5h', '-1m', '10 m'])('%s is no duration', (text) => expect(() => duration(text)).toThrow())

test('ago in the largest unit that is at least one', () => {
  const passed = [-5, 0, 59_999, 60_000, 3_600_000, 90_000_000]
  expect(passed.map((ms) => ago(1_000_000_000 - ms, 1_000_000_000))).toEqual(['0s', '0s', '59s', '1m', '1h', '1d'])
})

test('sizes in powers of 1024', () => {
  expect([0, 1023, 1024, 1536, 5 * 1024 ** 3].map(size)).toEqual(['0B', '1023B', '1.0K', '1.5K', '5.0G'])
})
