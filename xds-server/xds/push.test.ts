/** Writing: shared encodings, nonces, turns. */
import { expect, test } from 'vitest'
import type { Blob } from './blobs.ts'
import { createResponses } from './responses.ts'
import { createScheduler, maxBytesPerTurn, maxStreamsPerTurn } from './scheduler.ts'
import type { Content } from './turn.ts'

const blob = (name: string, size = 1): Blob => ({
  type: 'cluster',
  name,
  version: 'v',
  value: new Uint8Array(size),
  body: {},
  rules: [],
  verdict: { kind: 'accepted' },
})
const content = (name: string, size?: number): Content => ({
  type: 'cluster',
  resources: [blob(name, size)],
  removed: [],
})

test('the same content is encoded once for all streams, and never twice under one nonce on a stream', () => {
  const encoded: number[] = []
  const responses = createResponses((bytes) => encoded.push(bytes))
  const first = responses.encode('delta', content('a'), 0)
  expect(responses.encode('delta', content('a'), 0)).toBe(first)
  expect(encoded).toHaveLength(1)
  const again = responses.encode('delta', content('a'), first.nonce)
  expect(again.nonce).toBeGreaterThan(first.nonce)
  expect(responses.encode('delta', content('a'), 0)).toBe(again)
  expect(responses.encode('sotw', content('a'), 0).bytes).not.toEqual(again.bytes)
})

test('encodings are forgotten when they are too many', () => {
  const responses = createResponses(() => {})
  const first = responses.encode('delta', content('a', 6_000_000), 0)
  for (const name of ['b', 'c']) responses.encode('delta', content(name, 6_000_000), 0)
  expect(responses.encode('delta', content('a', 6_000_000), 0)).not.toBe(first)
})

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('streams are written to in turns, each once however often it asked', async () => {
  const written: number[] = []
  const scheduler = createScheduler<number>((item) => {
    written.push(item)
    return 1
  })
  const items = Array.from({ length: maxStreamsPerTurn + 10 }, (_, index) => index)
  for (const item of [...items, ...items]) scheduler.want(item)
  scheduler.forget(0)
  expect(written).toEqual([])
  await nextTurn()
  expect(written).toEqual(items.slice(1, maxStreamsPerTurn + 1))
  await nextTurn()
  expect(written).toEqual(items.slice(1))
  expect(scheduler.size()).toBe(0)
})

test('a turn ends where it has written much', async () => {
  let count = 0
  const scheduler = createScheduler<number>(() => {
    count += 1
    return maxBytesPerTurn / 2
  })
  for (let item = 0; item < 6; item += 1) scheduler.want(item)
  await nextTurn()
  expect(count).toBe(2)
})
