import { expect, test } from 'vitest'
import { RecentTexts } from './recent.ts'

test('what was found in recent texts is remembered, in those of long ago and in long ones it is not', () => {
  const recent = new RecentTexts<number>()
  recent.set('first', 1)
  recent.set('x'.repeat(257), 2)
  expect([recent.get('first'), recent.get('x'.repeat(257)), recent.get('never')]).toEqual([1, undefined, undefined])
  for (let i = 0; i < 3000; i += 1) recent.set(`text ${i}`, i)
  expect([recent.get('first'), recent.get('text 2999')]).toEqual([undefined, 2999])
})
