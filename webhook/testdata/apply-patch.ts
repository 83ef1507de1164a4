/** JSON Patch (RFC 6902) as the API server applies it: a path that leads nowhere is an error. */
import type { Operation } from '../injection/json-patch.ts'

type Holder = Record<string, unknown>

const steps = (path: string): readonly string[] =>
  path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))

function holderOf(document: unknown, path: readonly string[]): Holder {
  return path.reduce((inner, step) => {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) throw new Error(`no ${step}`)
    return (inner as Holder)[step] as Holder
  }, document as Holder)
}

function apply(document: unknown, operation: Operation): void {
  const path = steps(operation.path)
  const last = path.at(-1)!
  const holder = holderOf(document, path.slice(0, -1))
  const there = Object.hasOwn(holder, last)
  if (operation.op !== 'add' && !there) throw new Error(`nothing at ${operation.path}`)
  if (operation.op === 'remove') delete holder[last]
  else if (operation.op === 'replace') holder[last] = operation.value
  else if (Array.isArray(holder) && last !== '-') holder.splice(Number(last), 0, operation.value)
  else if (Array.isArray(holder)) holder.push(operation.value)
  else holder[last] = operation.value
}

export function applyPatch<T>(document: T, patch: readonly Operation[]): T {
  const copy = structuredClone(document)
  for (const operation of structuredClone(patch)) apply(copy, operation)
  return copy
}
