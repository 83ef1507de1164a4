import { brotliCompressSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { scanFile, scanNdjson } from './scan.ts'
import { documents } from './testdata/documents.ts'

const card = 'card 4111 1111 1111 1111'
const finding = {
  detector: 'card',
  offset: 5,
  length: 19,
  sample: expect.stringMatching(/^41…11 #/),
  confidence: 'certain',
}

async function answers(...lines: readonly unknown[]) {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  const said: unknown[] = []
  for await (const answer of scanNdjson(
    (async function* () {
      yield text
    })(),
    'key',
  ))
    said.push(answer)
  return said
}

async function* inChunks(bytes: Buffer, size: number) {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

test('lines: texts, bodies, forms, compressed bodies', async () => {
  const base64 = (bytes: Buffer) => bytes.toString('base64')
  expect(
    await answers(
      { text: card },
      { body: base64(Buffer.from(card)), contentType: 'text/plain' },
      {
        body: base64(Buffer.from(card.replaceAll(' ', '+'))),
        contentType: 'application/x-www-form-urlencoded; charset=utf-8',
      },
      { body: base64(gzipSync(card)), contentType: 'text/plain' },
      { body: base64(brotliCompressSync(card)), contentEncoding: 'br' },
      { text: 'nothing' },
    ),
  ).toEqual([1, 2, 3, 4, 5, 6].map((line) => ({ line, findings: line === 6 ? [] : [finding] })))
})

test('lines that can not be read are answered without a word of them', async () => {
  expect(
    await answers('{"text": "4111111111111111"', [], { text: 1 }, { body: '*' }, { text: 'x', contentType: 1 }, ''),
  ).toEqual([
    { line: 1, problem: 'not JSON' },
    { line: 2, problem: 'neither text nor body' },
    { line: 3, problem: 'neither text nor body' },
    { line: 4, problem: 'body: not base64' },
    { line: 5, problem: 'contentType: not a text' },
  ])
})

test('a file in any chunks, packed or not', async () => {
  const whole = await scanFile(inChunks(documents.secrets!, 1e6), 'key')
  expect(whole.findings).toHaveLength(8)
  expect(await scanFile(inChunks(documents.secrets!, 7), 'key')).toEqual(whole)
  expect(await scanFile(inChunks(gzipSync(documents.secrets!), 300), 'key')).toEqual(whole)
})

test('what can not be decoded is scanned as it came, and said to be partial', async () => {
  const body = gzipSync(card).subarray(0, -1).toString('base64')
  const text = Buffer.from(card).toString('base64')
  expect(await answers({ body, contentEncoding: 'gzip' }, { body: text, contentEncoding: 'compress' })).toEqual([
    { line: 1, findings: [finding], partial: 'content coding gzip: unexpected end of file' },
    { line: 2, findings: [finding], partial: 'content coding "compress" is not known' },
  ])
})

test('more findings than are kept are said to be more', async () => {
  const [answer] = (await answers({ text: `${'378282246310005, '.repeat(1200)}` })) as [{ partial: string }]
  expect(answer.partial).toBe('1200 findings, 1000 of them are here')
})
