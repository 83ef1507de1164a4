import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { layoutOf } from './layout.ts'
import { withLock } from './lock.ts'

test('one at a time; the other waits as long as it says, or hears that it is busy', async () => {
  const layout = layoutOf(`/nowhere/${randomUUID()}`)
  const order: string[] = []
  const open = Promise.withResolvers<void>()
  const first = withLock(layout, 0, async () => {
    await open.promise
    order.push('first')
  })
  await expect(withLock(layout, 0, async () => order.push('never'))).rejects.toMatchObject({ code: 'busy' })
  const second = withLock(layout, 10_000, async () => order.push('second'))
  await withLock(layoutOf(`/nowhere/${randomUUID()}`), 0, async () => order.push('another lab'))
  open.resolve()
  await Promise.all([first, second])
  expect(order).toEqual(['another lab', 'first', 'second'])
})

test('work that fails gives the lock back', async () => {
  const layout = layoutOf(`/nowhere/${randomUUID()}`)
  await expect(withLock(layout, 0, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await withLock(layout, 0, async () => 'mine')).toBe('mine')
})
