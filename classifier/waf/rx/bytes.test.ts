import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allBytes, type ByteSet, byte, bytesOf, has, noBytes, range, rangesOf, sizeOf, wordsOf } from './bytes.ts'

const someBytes = fc.uniqueArray(fc.integer({ min: 0, max: 255 }))
const setOf = (values: readonly number[]): ByteSet => values.reduce((set, value) => set | byte(value), noBytes)

test('a set has its bytes, in words, in ranges, one by one', () => {
  fc.assert(
    fc.property(someBytes, (values) => {
      const set = setOf(values)
      const sorted = values.toSorted((a, b) => a - b)
      expect([bytesOf(set), sizeOf(set)]).toEqual([sorted, values.length])
      expect(sorted.filter((value) => !has(set, value))).toEqual([])
      const words = wordsOf(set)
      expect(Array.from({ length: 256 }, (_, n) => n).filter((n) => (words[n >> 5]! >>> (n & 31)) & 1)).toEqual(sorted)
      const ranges = rangesOf(set)
      expect(ranges.reduce((all, { from, to }) => all | range(from, to), noBytes)).toBe(set)
      expect(ranges.slice(1).every(({ from }, at) => from > ranges[at]!.to + 1)).toBe(true)
    }),
  )
})

test('none and all', () => {
  expect([sizeOf(noBytes), rangesOf(noBytes)]).toEqual([0, []])
  expect([sizeOf(allBytes), rangesOf(allBytes)]).toEqual([256, [{ from: 0, to: 255 }]])
})
