import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Window } from './window.ts'

test('what was appended and not forgotten, whatever becomes of the chunks', () => {
  const step = fc.record({ chunk: fc.uint8Array({ maxLength: 50 }), forget: fc.nat({ max: 60 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const window = new Window()
      let kept: number[] = []
      for (const { chunk, forget } of steps) {
        const bytes = Buffer.from(chunk)
        window.append(bytes)
        kept.push(...bytes)
        bytes.fill(0)
        const count = Math.min(forget, kept.length)
        window.forget(count)
        kept = kept.slice(count)
        expect([...window.text]).toEqual(kept)
      }
    }),
  )
})
