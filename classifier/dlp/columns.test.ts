import { expect, test } from 'vitest'
import { detectors } from './detectors.ts'
import { columnBytes, headingBytes } from './limits.ts'
import { compileDetectors } from './program.ts'
import { redaction } from './redact.ts'
import { scanAll } from './stream.ts'

const program = compileDetectors(detectors)
const found = (text: string, ...cuts: readonly number[]) => {
  const bytes = Buffer.from(text)
  const chunks = [0, ...cuts].map((from, i) => bytes.subarray(from, cuts[i]))
  const { findings } = scanAll(program, redaction(Buffer.from('key')), chunks)
  return findings.map(({ detector, offset, length }) => `${detector} ${text.slice(offset, offset + length)}`)
}

const rows = (n: number, row: string): string => row.repeat(n)
const filler = rows(40, '17,Jane Doe,,10.00\n')

test('a column’s name is context for what stands in it, however far below', () => {
  const heading = 'id,name,social_security,balance\n'
  expect(found(`${heading}${filler}18,Bob,536904399,12\n`)).toEqual(['ssn 536904399'])
  expect(found(`${heading}${filler},Bob,536904399,12\n`)).toEqual(['ssn 536904399'])
  expect(found(`${heading}${filler}18,Bob,,536904399\n`)).toEqual([])
  expect(found(`${heading}${filler}536904399,Bob,,1\n`)).toEqual([])
  expect(found(`id,name,number,balance\n${filler}18,Bob,536904399,12\n`)).toEqual([])
  expect(found(`${heading}${filler}18,"Doe, Bob",536904399,"1"\n18,"a""b,c","536904399",1`)).toEqual([
    'ssn 536904399',
    'ssn 536904399',
  ])
})

test.each([';', '\t', '|'])('separators: %j', (by) => {
  const line = (...cells: readonly string[]) => `${cells.join(by)}\n`
  const table = line('id', 'nhsNumber', 'name') + rows(40, line('1', '', 'Li Wei, Esq')) + line('2', '9434765919', 'x')
  expect(found(table)).toEqual(['nhs 9434765919'])
})

test('more than one column of a kind, and one for several kinds', () => {
  const heading = 'ssn,aba,alt ssn,aba or ssn\n'
  expect(found(`${heading}${filler}${filler}536904399,536904399,536904399,121042882\n`)).toEqual([
    'ssn 536904399',
    'ssn 536904399',
    'aba 121042882',
    'ssn 121042882',
  ])
})

test('what is no heading is none: objects, tags, a long or the only line, one column', () => {
  const value = `${filler}1,2,536904399,4\n`
  expect(found(`{"a":1,"ssn":2}\n,${value}`)).toEqual([])
  expect(found(`<a>,b,ssn,d\n${value}`)).toEqual([])
  expect(found(`a=1,b,ssn,d\n${value}`)).toEqual([])
  expect(found(`a,b,ssn,${'d'.repeat(headingBytes)}\n${value}`)).toEqual([])
  expect(found(`ssn\n${filler}${filler}536904399\n`)).toEqual([])
})

test('a line that begins too far away has no columns', () => {
  const cell = (length: number) => `a,b,ssn\n${filler}1,${'x'.repeat(length - 3)},536904399\n`
  expect(found(cell(columnBytes - 1))).toEqual(['ssn 536904399'])
  expect(found(cell(columnBytes))).toEqual([])
})

test('cut anywhere: the same', () => {
  const ids = rows(30, '1,4929000000000006,,x\n')
  const table = `id,order,ssn,note\n${filler}${ids}${filler.repeat(8)}2,,536904399,\n${ids}4111111111111111 and 536904399\n`
  const whole = found(table)
  expect(whole).toContain('ssn 536904399')
  for (let at = 1; at < table.length; at += 13) expect(found(table, at), `cut at ${at}`).toEqual(whole)
  const everywhere = Array.from({ length: table.length - 1 }, (_, i) => i + 1)
  expect(found(table, ...everywhere)).toEqual(whole)
})
