/**
 * The difference of two JSON documents as a JSON Patch (RFC 6902): objects member by member, a list that only grew at
 * its end element by element, any other list whole.
 */
import { isDeepStrictEqual } from 'node:util'

export type Operation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 6901: `~` first, or the `~` of `~1` would be escaped again. */
const step = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

export function difference(before: unknown, after: unknown, path = ''): readonly Operation[] {
  if (isDeepStrictEqual(before, after)) return []
  if (isObject(before) && isObject(after)) return ofObjects(before, after, path)
  if (Array.isArray(before) && Array.isArray(after) && before.length <= after.length)
    return ofLists(before, after, path)
  return [{ op: 'replace', path, value: after }]
}

function ofObjects(before: Members, after: Members, path: string): readonly Operation[] {
  const at = (key: string) => `${path}/${step(key)}`
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key))
  const rest = Object.entries(after).flatMap(([key, value]): readonly Operation[] =>
    Object.hasOwn(before, key) ? difference(before[key], value, at(key)) : [{ op: 'add', path: at(key), value }],
  )
  return [...gone.map((key): Operation => ({ op: 'remove', path: at(key) })), ...rest]
}

/** Things with a name are the same thing only under the same name. */
const sameThing = (a: unknown, b: unknown): boolean => !isObject(a) || !isObject(b) || a.name === b.name

function ofLists(before: readonly unknown[], after: readonly unknown[], path: string): readonly Operation[] {
  if (!before.every((one, i) => sameThing(one, after[i]))) return [{ op: 'replace', path, value: after }]
  const changed = before.flatMap((one, i) => difference(one, after[i], `${path}/${i}`))
  const added = after.slice(before.length).map((value): Operation => ({ op: 'add', path: `${path}/-`, value }))
  return [...changed, ...added]
}
