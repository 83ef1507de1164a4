import { expect, test } from 'vitest'
import { waitingRoom } from './waiting.ts'

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('whoever leaves, for whatever reason, leaves nothing behind', async () => {
  const listeners = new Set<() => void>()
  const watch = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const room = waitingRoom()
  const before = timers()
  let news = false
  const gone = new AbortController()
  const wait = (ms: number) => room({ watch, isNews: () => news, ms, signal: gone.signal })
  await wait(1)
  const waiting = [wait(60_000), wait(60_000)]
  expect([listeners.size, timers()]).toEqual([2, before + 2])
  for (const tell of listeners) tell()
  await wait(1)
  expect(listeners.size).toBe(2)
  news = true
  for (const tell of listeners) tell()
  await Promise.all(waiting)
  expect([listeners.size, timers()]).toEqual([0, before])
  news = false
  const left = wait(60_000)
  gone.abort()
  await Promise.all([left, wait(60_000)])
  expect([listeners.size, timers()]).toEqual([0, before])
})
