/** libinjection's own cases, all 480, as its `testdriver.c` judges them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { testData } from '../../testdata.ts'
import { libinjection } from './libinjection.ts'
import { loadModule } from './module.ts'

const directory = testData('libinjection')
if (directory === undefined) console.error("SKIPPED: libinjection's own cases, their data is not here")

const { exports, write, read } = loadModule()
const memory = Buffer.from(exports.memory.buffer)
const { detectSqli } = libinjection()

/** `struct libinjection_sqli_token` of wasm32: position, length, count (4 bytes each), type, quotes, 32 bytes of text. */
function shownToken(address: number): string {
  const count = memory.readInt32LE(address + 8)
  const [type = '', open = '', close = ''] = memory.toString('latin1', address + 12, address + 15)
  const text = read(address + 15, 32)
  const quoted = (open === '\0' ? '' : open) + text + (close === '\0' ? '' : close)
  if (type === 's') return `s ${quoted}`
  return type === 'v' ? `v ${'@'.repeat(count)}${quoted}` : `${type} ${text}`
}

const htmlTypes = [
  'DATA_TEXT',
  'TAG_NAME_OPEN',
  'TAG_NAME_CLOSE',
  'TAG_NAME_SELFCLOSE',
  'TAG_DATA',
  'TAG_CLOSE',
  'ATTR_NAME',
  'ATTR_VALUE',
  'TAG_COMMENT',
  'DOCTYPE',
]

type Show = (input: string) => readonly string[]
const show: Readonly<Record<string, Show>> = {
  tokens: (input) => {
    exports.sql_start(write(input))
    const shown: string[] = []
    for (let token = exports.sql_next(); token !== 0; token = exports.sql_next()) shown.push(shownToken(token))
    return shown
  },
  folding: (input) => {
    exports.sql_start(write(input))
    return Array.from({ length: exports.sql_fold() }, (_, index) => shownToken(exports.sql_folded(index)))
  },
  sqli: (input) => [detectSqli(input) ?? ''],
  html5: (input) => {
    exports.html_start(write(input))
    const shown: string[] = []
    while (exports.html_next() !== 0) {
      const [from, length] = [exports.html_token(), exports.html_length()]
      shown.push(`${htmlTypes[exports.html_type()]},${length},${memory.toString('latin1', from, from + length)}`)
    }
    return shown
  },
}

function judged(file: string): { readonly expected: string; readonly shown: string } {
  const text = readFileSync(join(directory!, 'tests', file), 'latin1')
  const [, input = '', expected = ''] = /--INPUT--\n([\s\S]*?)--EXPECTED--\n([\s\S]*)$/.exec(text) ?? []
  const kind = /^test-(\w+)-/.exec(file)![1]!
  return { expected: trimmed(expected), shown: trimmed(show[kind]!(trimmed(input)).join('\n')) }
}

const trimmed = (text: string): string => text.replace(/[ \n\t\r]+$/, '')

describe.skipIf(directory === undefined)("libinjection's own cases", () => {
  const files = directory === undefined ? [] : readdirSync(join(directory, 'tests')).sort()

  test('there are 480', () => expect(files.length).toBe(480))

  test.each(['tokens', 'folding', 'sqli', 'html5'])('all of %s', (kind) => {
    const cases = files.filter((file) => file.startsWith(`test-${kind}-`)).map((file) => [file, judged(file)] as const)
    expect(cases.map(([file, { shown }]) => [file, shown])).toEqual(
      cases.map(([file, { expected }]) => [file, expected]),
    )
  })

  test('of its benign values, few are taken for attacks', () => {
    const text = readFileSync(join(directory!, 'data/false_positives.txt'), 'latin1')
    const values = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const flagged = values.map(decoded).filter((value) => detectSqli(value) !== undefined)
    // Real SQL operators in quotation marks, AND between numbers, and comments: the library flags 21 of 421.
    expect([values.length, flagged.length]).toEqual([421, 21])
  })
})

function decoded(line: string): string {
  return line
    .replaceAll('+', ' ')
    .replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
