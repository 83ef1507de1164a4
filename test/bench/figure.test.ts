import { expect, test } from 'vitest'
import { type Figure, gateText, isMet, percentile, ratioOf } from './figure.ts'

const figure = (over: Partial<Figure>): Figure => ({ name: 'x', value: 90, unit: 'req/s', ...over })

test('a ratio is the value by its peer', () => {
  expect(ratioOf(figure({ peer: { name: 'plain', value: 120 } }))).toBe(0.75)
  expect(ratioOf(figure({}))).toBeUndefined()
  expect(ratioOf(figure({ peer: { name: 'plain', value: 0 } }))).toBeUndefined()
})

test('a ratio that the bench knows better is taken', () => {
  expect(ratioOf(figure({ peer: { name: 'plain', value: 120, ratio: 0.8 } }))).toBe(0.8)
})

test('a gate holds for the value or the ratio, its bound included', () => {
  const peer = { name: 'plain', value: 100 }
  expect(isMet(figure({ peer, gate: { of: 'ratio', atLeast: 0.9 } }))).toBe(true)
  expect(isMet(figure({ peer, gate: { of: 'ratio', atLeast: 0.95 } }))).toBe(false)
  expect(isMet(figure({ gate: { of: 'value', atMost: 90 } }))).toBe(true)
  expect(isMet(figure({ gate: { of: 'value', atMost: 89 } }))).toBe(false)
  expect(isMet(figure({}))).toBeUndefined()
  expect(isMet(figure({ gate: { of: 'ratio', atLeast: 0.9 } }))).toBeUndefined()
  expect(isMet(figure({ gate: { of: 'value', atMost: 90 }, doubt: 'disturbed' }))).toBeUndefined()
})

test('a gate in words', () => {
  expect(gateText({ of: 'ratio', atLeast: 0.95 })).toBe('ratio ≥ 0.95')
  expect(gateText({ of: 'value', atMost: 250 })).toBe('≤ 250')
})

test('a percentile is one of the samples', () => {
  const samples = [5, 1, 4, 2, 3]
  expect([0, 0.5, 0.8, 0.99, 1].map((share) => percentile(samples, share))).toEqual([1, 3, 4, 5, 5])
  expect(() => percentile([], 0.5)).toThrow('no samples')
})
