import { expect, test } from 'vitest'
import type { Io } from './io.ts'
import { createProgram } from './program.ts'

async function run(argv: readonly string[], files: Readonly<Record<string, string>>) {
  const said = { out: '', err: '' }
  const io = {
    out: (text: string) => {
      said.out += text
    },
    err: (text: string) => {
      said.err += text
    },
    colour: false,
    env: { POSTERN_DLP_KEY: 'key' },
    async *stream(path: string) {
      if (files[path] === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      yield Buffer.from(files[path])
    },
  } as unknown as Io
  const code = await createProgram(io).run(['dlp', 'scan', ...argv])
  return { code, ...said }
}

const lines = '{"text": "card 4111 1111 1111 1111"}\n{"text": "id 4111111111111112"}\n'

test('a line for each line, in JSON; the value is in none', async () => {
  const { code, out } = await run(['--json'], { '-': lines })
  expect(code).toBe(0)
  const findings = [{ detector: 'card', offset: 5, length: 19, sample: '41…11 #c44a237b0f', confidence: 'certain' }]
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { line: 1, findings },
    { line: 2, findings: [] },
  ])
})

test('files as tables, NDJSON by name; what can not be read is told and counts', async () => {
  const { code, out, err } = await run(['a.txt', 'b.ndjson', 'c'], { 'a.txt': 'SSN 536-90-4399', 'b.ndjson': 'nope' })
  expect(code).toBe(1)
  expect(out).toBe(
    [
      'a.txt',
      'DETECTOR  OFFSET  LENGTH  CONFIDENCE  SAMPLE',
      'ssn       4       11      certain     5…9 #870aa081a3',
      'line 1: problem: not JSON',
      '',
    ].join('\n'),
  )
  expect(err).toContain('c: no such file')
})
