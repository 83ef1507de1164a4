import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256 } from './sha256.ts'

const reference = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex')

test('the same as the machine’s own, whatever the length', () => {
  for (const length of [0, 1, 55, 56, 63, 64, 119, 120, 1_000, 100_000]) {
    const text = 'x'.repeat(length)
    expect(sha256(text)).toBe(reference(text))
  }
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => sha256(text) === reference(text)))
})
