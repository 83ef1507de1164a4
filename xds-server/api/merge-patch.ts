/** JSON merge patch (RFC 7396): null takes a member out, an object is merged, anything else replaces. Pure. */

type Json = Readonly<Record<string, unknown>>

/** Depth is bounded by the body's size, which is bounded before it is parsed. */
export function mergePatch(target: Json, patch: Json): Json {
  const merged = new Map(Object.entries(target))
  for (const [key, value] of Object.entries(patch)) {
    const before = merged.get(key)
    if (value === null) merged.delete(key)
    else merged.set(key, isObject(value) ? mergePatch(isObject(before) ? before : {}, value) : value)
  }
  return Object.fromEntries(merged)
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
