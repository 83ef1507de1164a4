import fc from 'fast-check'
import { expect, test } from 'vitest'
import { initial, type Outcome, pageSize, step, type WatchState } from './watch-state.ts'

const after = (outcomes: readonly Outcome[], from: WatchState = initial): WatchState =>
  outcomes.reduce((state, outcome) => step(state, outcome, 0), from)

const listed: Outcome = { kind: 'page', version: '7' }
const refused: Outcome = { kind: 'refused', cause: 'status 500' }
const waited: Outcome = { kind: 'waited' }

test('pages until the last one, then a watch from its version', () => {
  const first = after([{ kind: 'page', next: 'b', version: '7' }])
  expect(first).toEqual({ kind: 'listing', from: 'b', limit: pageSize, failures: 0 })
  expect(after([listed], first)).toEqual({ kind: 'watching', version: '7', failures: 0 })
})

test('a page that is too large is asked for again, smaller, down to one object', () => {
  const second = after([{ kind: 'page', next: 'b', version: '7' }, { kind: 'tooLarge' }])
  expect(second).toEqual({ kind: 'listing', from: 'b', limit: pageSize / 2, failures: 0 })
  const one = after(Array<Outcome>(8).fill({ kind: 'tooLarge' }))
  expect(one).toEqual({ kind: 'listing', limit: 1, failures: 0 })
  expect(after([{ kind: 'tooLarge' }], one)).toMatchObject({ kind: 'waiting', next: { limit: 1 } })
})

test('a page that fails is asked for again; a token that is too old begins the list anew', () => {
  const second = after([{ kind: 'page', next: 'b', version: '7' }])
  expect(after([refused, waited], second)).toMatchObject({ kind: 'listing', from: 'b', failures: 1 })
  const anew = after([{ kind: 'expired', cause: '410' }, waited], second)
  expect(anew).toEqual({ kind: 'listing', limit: pageSize, failures: 1 })
})

test('a watch goes on from what it last heard of, however it ended', () => {
  const watching = after([listed])
  expect(after([{ kind: 'ended', version: '9', heard: true }], watching)).toMatchObject({
    kind: 'watching',
    version: '9',
  })
  const broken = after([{ kind: 'failed', cause: 'ECONNRESET', version: '9', heard: true }, waited], watching)
  expect(broken).toEqual({ kind: 'watching', version: '9', failures: 1 })
  expect(after([{ kind: 'failed', cause: 'ECONNREFUSED' }, waited], watching)).toMatchObject({ version: '7' })
})

test('a version too old: listed at once, but not twice in a row', () => {
  const expired: Outcome = { kind: 'expired', cause: '410' }
  const again = after([listed, expired])
  expect(again).toMatchObject({ kind: 'listing', failures: 1 })
  expect(after([listed, expired], again)).toMatchObject({ kind: 'waiting', next: { kind: 'listing' } })
  expect(after([listed, { kind: 'ended', version: '9', heard: true }, expired], again)).toMatchObject({
    kind: 'listing',
  })
})

test('a watch that ends before it said anything is no success', () => {
  expect(after([listed, { kind: 'ended', version: '7', heard: false }])).toMatchObject({ kind: 'waiting' })
})

test('waits double from 100 ms to 15 s, twice that by bad luck, and are no shorter than the server says', () => {
  const waits = (chance: number) => {
    const seen: number[] = []
    for (let state = initial; seen.length < 9; state = step(state, state.kind === 'waiting' ? waited : refused, chance))
      if (state.kind === 'waiting') seen.push(state.delayMs)
    return seen
  }
  expect(waits(0)).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 15_000])
  expect(waits(1)).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000])
  const told = (retryAfterMs: number) => after([{ kind: 'refused', cause: 'status 429', retryAfterMs }])
  expect(told(5_000)).toMatchObject({ delayMs: 5_000 })
  expect(told(3_600_000)).toMatchObject({ delayMs: 120_000 })
})

const anOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant<Outcome>(waited),
  fc.constant<Outcome>({ kind: 'tooLarge' }),
  fc.record({ kind: fc.constant('page' as const), version: fc.string() }),
  fc.record({ kind: fc.constant('page' as const), version: fc.string(), next: fc.string() }),
  fc.record({ kind: fc.constant('ended' as const), version: fc.string(), heard: fc.boolean() }),
  fc.record({ kind: fc.constant('expired' as const), cause: fc.string() }),
  fc.record({ kind: fc.constant('refused' as const), cause: fc.string(), retryAfterMs: fc.nat() }),
  fc.record({ kind: fc.constant('failed' as const), cause: fc.string() }),
)
const isTrouble = ({ kind }: Outcome): boolean => kind === 'expired' || kind === 'refused' || kind === 'failed'

test('whatever comes, in whatever state: after two troubles in a row there is a wait, of a time that has bounds', () => {
  fc.assert(
    fc.property(fc.array(anOutcome), fc.double({ min: 0, max: 1, noNaN: true }), (outcomes, chance) => {
      let state = initial
      let troubles = 0
      for (const outcome of outcomes) {
        const was = state
        state = step(state, outcome, chance)
        if (was.kind !== 'waiting') troubles = isTrouble(outcome) ? troubles + 1 : 0
        if (troubles > 1 && was.kind !== 'waiting') expect(state.kind).toBe('waiting')
        if (state.kind === 'waiting') expect(state.delayMs).toBeGreaterThanOrEqual(100)
        if (state.kind === 'waiting') expect(state.delayMs).toBeLessThanOrEqual(180_000)
      }
    }),
  )
})
