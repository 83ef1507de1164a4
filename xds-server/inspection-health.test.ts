import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Asked } from './envoy/ext-proc-client.ts'
import { classifierEvent, watchHealth } from './inspection-health.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const fine: Asked = { ok: true }
const gone: Asked = { ok: false, absent: true, reason: 'nobody listens there' }
const slow: Asked = { ok: false, absent: false, reason: 'Deadline exceeded' }

function aWatch(...answers: Asked[]) {
  const changes: boolean[] = []
  const news: boolean[] = []
  const watch = watchHealth({
    ask: async () => answers.shift() ?? fine,
    onChange: ({ healthy }) => changes.push(healthy),
    onNews: ({ healthy }) => news.push(healthy),
  })
  /** Asked so many times more. */
  const asked = (times: number) => vi.advanceTimersByTimeAsync(times * 1_000)
  return { watch, changes, news, asked }
}

test('nobody listens: known at once; told once, and once when it is back', async () => {
  const { watch, changes, news, asked } = aWatch(fine, gone, gone, gone, fine)
  await watch.ask()
  await watch.ask()
  expect(watch.now()).toEqual({ healthy: false, detail: 'does not answer: nobody listens there' })
  watch.begin()
  await asked(5)
  expect([changes, news]).toEqual([
    [false, true],
    [false, true],
  ])
  expect(watch.now()).toEqual({ healthy: true, detail: 'answers' })
  watch.close()
})

test('that it is not there yet is no news while it may be starting', async () => {
  const { watch, changes, news, asked } = aWatch(gone, gone, fine)
  await watch.ask()
  watch.begin()
  await asked(3)
  expect([changes, news]).toEqual([[false, true], []])
  watch.close()
  const never = aWatch(...Array.from({ length: 30 }, () => gone))
  never.watch.begin()
  await never.asked(30)
  expect([never.changes, never.news]).toEqual([[false], [false]])
  never.watch.close()
})

test('one slow answer is no answer less; two are', async () => {
  const { watch, changes, asked } = aWatch(slow, slow, fine, slow, slow)
  // a classifier that has just been started, too
  await watch.ask()
  watch.begin()
  await asked(2)
  expect(changes).toEqual([])
  await asked(2)
  expect(changes).toEqual([false])
  watch.close()
})

test('nothing is asked any more once it is closed', async () => {
  const { watch, changes, asked } = aWatch(gone)
  watch.begin()
  watch.close()
  await asked(3)
  expect(changes).toEqual([])
})

test('people are told what it means', () => {
  const down = classifierEvent({ healthy: false, detail: 'does not answer: x' }, 7)
  expect([down.kind, down.severity, down.time]).toEqual(['enforcement', 'high', 7])
  expect(down.message).toMatch(/^The classifier does not answer: x\. Groups with failOpen go on uninspected/)
  expect(classifierEvent({ healthy: true, detail: 'answers' }, 7).severity).toBe('info')
})
