/**
 * JSON → arguments named by their path: `{"a":[7]}` is `json.a.0` = `7`, and `json.a` = `1`, the length: a rule on names
 * would not see the array's own name otherwise.
 */
import { maxBodyItems, maxJsonDepth } from './limits.ts'
import { type Body, emptyBody, type Pair } from './model.ts'

export function parseJson(text: string): Body {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'latin1').toString('utf8'))
  } catch (error) {
    return { ...emptyBody, error: `JSON: ${(error as Error).message}` }
  }
  const found: Pair[] = []
  const error = collect(found, 'json', value, 0)
  return { ...emptyBody, arguments: found, error }
}

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** Answers what was wrong. */
function collect(found: Pair[], path: string, value: unknown, depth: number): string | undefined {
  if (depth > maxJsonDepth) return `JSON: nested more than ${maxJsonDepth} deep`
  if (typeof value !== 'object' || value === null) {
    if (found.length === maxBodyItems) return `JSON: more than ${maxBodyItems} values`
    found.push([path, value === null ? '' : bytes(String(value))])
    return undefined
  }
  if (Array.isArray(value)) found.push([path, String(value.length)])
  for (const [key, inner] of Object.entries(value)) {
    const error = collect(found, `${path}.${bytes(key)}`, inner, depth + 1)
    if (error !== undefined) return error
  }
  return undefined
}
