/** C's `isspace` at either end. The end is searched backwards: `\s+$` would take quadratic time. */
export const trim = (value: string): string => trimLeft(trimRight(value))

export const trimLeft = (value: string): string => value.replace(/^[\t-\r ]+/, '')

export function trimRight(value: string): string {
  let end = value.length
  while (end > 0 && isSpace(value.charCodeAt(end - 1))) end--
  return value.slice(0, end)
}

const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 9 && byte <= 13)
