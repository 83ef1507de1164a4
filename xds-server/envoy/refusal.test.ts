import { expect, test } from 'vitest'
import { maxReasonLength, reasonOf } from './refusal.ts'

test('the reason before the quoted resource', () => {
  const said =
    'Unable to unpack as envoy.extensions.filters.http.rbac.v3.RBAC: goo.gle/debugonly    \ntype_url: "type"\nvalue: "\\"\\375"\n'
  expect(reasonOf(said)).toBe('Unable to unpack as envoy.extensions.filters.http.rbac.v3.RBAC')
})

test('the reason behind the quoted resource', () => {
  const said =
    'goo.gle/debugstr   \nshadow_matcher {\n  name: "a: b"\n}\n: Proto constraint validation failed (RBACValidationError.ShadowMatcher: embedded)'
  expect(reasonOf(said)).toBe('Proto constraint validation failed (RBACValidationError.ShadowMatcher: embedded)')
})

test('anything else is one line of bounded length', () => {
  expect(reasonOf('no such\n  extension')).toBe('no such extension')
  expect(reasonOf('x'.repeat(10_000))).toHaveLength(maxReasonLength + 1)
})
