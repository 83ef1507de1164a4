import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Offsets } from './offsets.ts'

test('back to the original as a list of every byte has it, also when what came before is forgotten', () => {
  const piece = fc.record({ made: fc.nat({ max: 4 }), taken: fc.nat({ max: 9 }), forget: fc.boolean() })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (list) => {
      const offsets = new Offsets()
      /** Of each decoded byte its beginning, and where the original goes on behind the byte before it. */
      const starts: number[] = []
      const ends: number[] = [0]
      let original = 0
      let forgotten = 0
      for (const { made, taken, forget } of list) {
        // Some decoded bytes, one for one, then original bytes that become nothing.
        for (let k = 0; k < made; k++) {
          starts.push(original++)
          ends.push(original)
        }
        original += taken
        offsets.add(starts.length, original)
        ends[starts.length] = original
        if (forget) forgotten = Math.max(0, starts.length - 3)
        offsets.forget(forgotten)
        for (let out = forgotten; out < starts.length; out++)
          expect([offsets.start(out), offsets.end(out)]).toEqual([starts[out], ends[out]])
      }
    }),
  )
})

test('four characters for three bytes: the byte begins in the character that has its first bit', () => {
  const offsets = new Offsets()
  offsets.add(0, 100, 4 / 3)
  expect([0, 1, 2, 3].map((out) => offsets.start(out))).toEqual([100, 101, 102, 104])
  expect([1, 2, 3].map((out) => offsets.end(out))).toEqual([102, 103, 104])
})
