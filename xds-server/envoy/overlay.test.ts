import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { expect, test } from 'vitest'
import { findType } from './descriptor.ts'
import { type DescriptorNode, mergeOverlay } from './overlay.ts'

const base: DescriptorNode = { nested: { M: { fields: { a: { id: 1 }, b: { id: 2 } } }, E: { values: { ZERO: 0 } } } }

test('an overlay adds what the base has not', () => {
  const overlay = { nested: { M: { fields: { b: { id: 2 }, c: { id: 3 } } }, E: { values: { ONE: 1 } }, N: {} } }
  expect(mergeOverlay(base, overlay)).toEqual({
    nested: {
      M: { fields: { a: { id: 1 }, b: { id: 2 }, c: { id: 3 } } },
      E: { values: { ZERO: 0, ONE: 1 } },
      N: {},
    },
  })
})

test.each([
  ['a name with another number', { nested: { M: { fields: { a: { id: 3 } } } } }, '.M.a'],
  ['a number with another name', { nested: { M: { fields: { c: { id: 1 } } } } }, '.M.c'],
  ['an enum value with another number', { nested: { E: { values: { ZERO: 1 } } } }, '.E.ZERO'],
])('%s is refused', (_what, overlay, path) => {
  expect(() => mergeOverlay(base, overlay)).toThrow(`overlay proto disagrees with the bundled API at ${path}`)
})

// mergeOverlay refuses a disagreement, so it is enough that every overlay restates numbers which the bundled API has
test('every message of ours restates a number of the bundled API, and all of it is in the descriptor', () => {
  const folder = join(import.meta.dirname, 'overlay')
  for (const file of readdirSync(folder)) {
    const { root, package: name } = protobuf.parse(readFileSync(join(folder, file), 'utf8'), { keepCase: true })
    const namespace = root.lookup(name ?? '') as protobuf.Namespace
    for (const type of namespace.nestedArray.filter((child) => child instanceof protobuf.Type)) {
      const known = findType(type.fullName.slice(1))
      expect(known?.fields).toMatchObject(
        Object.fromEntries(type.fieldsArray.map((field) => [field.name, expect.objectContaining({ id: field.id })])),
      )
      const lowest = Math.min(...type.fieldsArray.map((field) => field.id))
      expect(type.name === 'ReloadConfig' || known!.fieldsArray.some((field) => field.id <= lowest)).toBe(true)
    }
  }
})
