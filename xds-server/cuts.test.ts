import { expect, test } from 'vitest'
import { cutsIn, maxCuts } from './cuts.ts'
import { openStore } from './store/sqlite.ts'

const failOnWatcher = (error: unknown) => {
  throw error
}

test('cuts are counted, survive a restart, and the longest ago are forgotten first', () => {
  const store = openStore({ path: ':memory:', now: () => 0, onWatcherError: failOnWatcher })
  const cuts = cutsIn(store)
  cuts.add(['web|80|a', 'db|5432|b'])
  cuts.add(['web|80|a'])
  expect([...cutsIn(store).all()]).toEqual([
    ['db|5432|b', 1],
    ['web|80|a', 2],
  ])
  cuts.add(Array.from({ length: maxCuts - 1 }, (_, n) => `other|${n}`))
  expect(cuts.all().has('db|5432|b')).toBe(false)
  expect(cuts.all().get('web|80|a')).toBe(2)
  expect(cuts.all().size).toBe(maxCuts)
  store.close()
})
