import fc from 'fast-check'
import { expect, test } from 'vitest'
import { portsWhere, rangeRegex } from './ports.ts'

const port = fc.integer({ min: 1, max: 65_535 })
const range = fc.tuple(port, port).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }))

test('a range matches exactly its own numbers', () => {
  fc.assert(
    fc.property(range, ({ from, to }) => {
      const regex = new RegExp(`^(?:${rangeRegex({ from, to })})$`)
      const near = [from - 1, from, from + 1, to - 1, to, to + 1, 1, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 65_535]
      for (const at of near) expect([at, regex.test(String(at))]).toEqual([at, at >= from && at <= to])
    }),
  )
})

test('every number of some whole ranges', () => {
  for (const [from, to] of [
    [1, 65_535],
    [80, 80],
    [7, 10_003],
    [999, 1000],
    [8500, 8508],
  ] as const) {
    const regex = new RegExp(`^(?:${rangeRegex({ from, to })})$`)
    const found = Array.from({ length: 65_536 }, (_, at) => at).filter((at) => regex.test(String(at)))
    expect([found[0], found.at(-1), found.length]).toEqual([from, to, to - from + 1])
  }
})

test('ports with a property are found as the fewest ranges', () => {
  const wanted = (at: number) => (at >= 10 && at <= 20) || (at >= 21 && at <= 30) || at === 65_535
  expect(
    portsWhere(
      [
        { from: 10, to: 20 },
        { from: 21, to: 30 },
        { from: 65_535, to: 65_535 },
      ],
      wanted,
    ),
  ).toEqual([
    { from: 10, to: 30 },
    { from: 65_535, to: 65_535 },
  ])
  expect(portsWhere([], () => true)).toEqual([{ from: 1, to: 65_535 }])
})
