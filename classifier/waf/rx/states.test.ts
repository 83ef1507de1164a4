import { describe, expect, test } from 'vitest'
import { maxAutomatonCells, maxAutomatonPlaces } from '../limits.ts'
import { type Reached, States } from './states.ts'

type Given = { root?: number; before?: number; places?: readonly number[]; matches?: readonly number[] }
const aState = ({ root = 0, before = 0, places = [], matches = [] }: Given): Reached => ({
  root,
  before,
  places: Int32Array.from(places),
  count: places.length,
  matches,
})

/** As `hashOf` mixes: what must come second so that [first, second] has the hash of [1, 2]. */
const mixed = (first: number): number => Math.imul(Math.imul(0, 0x01000193) ^ first, 0x01000193)
const sameHash = (first: number): readonly number[] => [first, mixed(1) ^ 2 ^ mixed(first)]

describe('states', () => {
  test.each<[string, Given, Given]>([
    ['beginnings', { root: 1 }, { before: 31 }],
    ['what was read before', { before: 62, root: 1 }, { before: 31, root: 2 }],
    ['places', { places: [1, 2] }, { places: sameHash(7) }],
    ['how many places', { places: [5] }, { matches: [5] }],
    ['matches', { matches: [1, 2] }, { matches: sameHash(7) }],
    ['how many matches', { matches: [0, 0] }, { matches: [0] }],
  ])('of the same hash are told apart by %s, and equal ones are one', (_, one, other) => {
    const states = new States(4)
    const [a, b] = [states.add(aState(one)), states.add(aState(other))]
    expect(a).not.toBe(b)
    expect([states.add(aState(one)), states.add(aState(other))]).toEqual([a, b])
    expect(states.at(a / 4)).toMatchObject({ matches: one.matches ?? [], root: one.root ?? 0 })
    const { from, to } = states.at(b / 4)
    expect([...states.places.subarray(from, to)]).toEqual(other.places ?? [])
  })

  test.each([
    ['look-ups', 1000, 1],
    ['places', 2, 1000],
  ])('have a bound in %s, and after it begin anew with nothing of before', (_, columns, count) => {
    const states = new States(columns)
    const first = states.add(aState({ root: 7 }))
    const one = (root: number) => aState({ root, places: Array.from({ length: count }, (_, at) => at) })
    let made = 0
    while (made < 2 * maxAutomatonCells && states.add(one(made)) !== 0) made++
    expect(states.table.length).toBeLessThanOrEqual(maxAutomatonCells)
    expect(made * count).toBeLessThanOrEqual(maxAutomatonPlaces)
    expect((made + 4) * Math.max(columns, count)).toBeGreaterThan(maxAutomatonCells - 2000)
    states.reset()
    expect([states.size, states.table.length]).toEqual([2, 8 * columns])
    expect(states.places.length).toBeLessThan(100)
    expect(states.add(aState({ root: 7 }))).toBe(2 * columns)
    expect(first).toBe(2 * columns)
  })
})
