import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AnswerTooLarge, linesOf, textOf } from './lines.ts'

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
async function all(text: string, size: number, max = 1_000): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const line of linesOf(cut(Buffer.from(text), size), max)) lines.push(line)
  return lines
}

test('lines come out as they went in, wherever the connection cuts them', async () => {
  const line = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n'))
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 9 }), async (lines, size) => {
      const text = lines.map((line) => `${line}\n`).join('')
      expect(await all(text, size, 100_000)).toEqual(lines)
      expect(await textOf(cut(Buffer.from(text), size), 100_000)).toBe(text)
    }),
  )
})

test('half a line at the end is none', async () => {
  expect(await all('{"a":1}\n{"b":', 3)).toEqual(['{"a":1}'])
})

test('a line or a text without end is not gathered for ever', async () => {
  await expect(all('0123456789', 3, 8)).rejects.toThrow(AnswerTooLarge)
  expect(await all('01234567\n01234567\n', 3, 8)).toHaveLength(2)
  await expect(textOf(cut(Buffer.from('0123456789'), 3), 8)).rejects.toThrow('more than 8 bytes')
})
