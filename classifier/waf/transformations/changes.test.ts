import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changes } from './changes.ts'
import { transformations } from './transformations.ts'

const piece = fc.constantFrom(
  ...' \t\n\\"\'^,;/(.%+&#*<>-!aAzZ0xX\0\xa0\xe9=',
  '//',
  '/*',
  '*/',
  '--',
  '&lt;',
  '%41',
  '\\x41',
)
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))

test.each(Object.entries(transformations))('%s leaves alone what has nothing to change', (name, apply) => {
  const changer = changes[name.toLowerCase()]
  if (changer === undefined) return
  const needs = new RegExp(changer)
  fc.assert(
    fc.property(text, (value) => {
      if (!needs.test(value)) expect(apply(value)).toBe(value)
    }),
    { numRuns: 1000 },
  )
})
