import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSame } from './same.ts'

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    fc.constantFrom(null, undefined, true, 0, 1, 'a', ''),
    fc.uint8Array({ maxLength: 2 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'constructor'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value

test('two bodies are the same exactly where Node says so', () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(isSame(a, b)).toBe(isDeepStrictEqual(a, b))
      expect(isSame(a, structuredClone(a))).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
