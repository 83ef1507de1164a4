import { expect, test } from 'vitest'
import { all, allOrNone } from './together.ts'

/** A task that ends when it is told to stop, and says so. */
const stoppable = (signal: AbortSignal, log: string[]) =>
  new Promise<void>((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      setImmediate(() => {
        log.push('stopped')
        reject(signal.reason)
      })
    })
  })

test('the first failure stops the others, and is told when they have stopped', async () => {
  const log: string[] = []
  const begin = async (signal: AbortSignal) => [stoppable(signal, log), Promise.reject(new Error('first'))]
  await expect(allOrNone(undefined, begin)).rejects.toThrow('first')
  expect(log).toEqual(['stopped'])
})

test('so does the signal from outside', async () => {
  const log: string[] = []
  const stop = new AbortController()
  const running = allOrNone(stop.signal, async (signal) => [stoppable(signal, log), stoppable(signal, log)])
  setImmediate(() => stop.abort(new Error('enough')))
  await expect(running).rejects.toThrow('enough')
  expect(log).toEqual(['stopped', 'stopped'])
})

test('all waits for those that go on', async () => {
  const slow = Promise.withResolvers<string>()
  let settled = false
  const both = all([Promise.reject(new Error('no')), slow.promise]).finally(() => {
    settled = true
  })
  both.catch(() => {})
  await new Promise(setImmediate)
  expect(settled).toBe(false)
  slow.resolve('done')
  await expect(both).rejects.toThrow('no')
})
