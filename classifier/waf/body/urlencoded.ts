/** `a=1&b=2`, of queries and bodies: `+` is a blank, an escape that is none stays as it is (as ModSecurity reads it). */
import { maxBodyItems } from './limits.ts'
import type { Pair } from './model.ts'

/** One pair more than `maxBodyItems` says that there are too many. */
export function parseUrlEncoded(text: string, separator: string): readonly Pair[] {
  if (text === '') return []
  const found: Pair[] = []
  for (const part of text.split(separator)) {
    if (part === '') continue
    if (found.length > maxBodyItems) break
    const equals = part.indexOf('=')
    if (equals === -1) found.push([decode(part), ''])
    else found.push([decode(part.slice(0, equals)), decode(part.slice(equals + 1))])
  }
  return found
}

const decode = (text: string): string => decodeEscapes(text.replace(/\+/g, ' '))

/** `%41` is `A`; what is no escape stays. */
export function decodeEscapes(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Whether some `%` is not followed by two hexadecimal digits. */
export const hasBadEscape = (text: string): boolean => /%(?![0-9A-Fa-f]{2})/.test(text)
