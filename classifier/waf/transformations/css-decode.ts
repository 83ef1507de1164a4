/**
 * CSS 2 escapes: `\` and up to six hexadecimal digits, with one white space that ends them, is that character (UTF-8; the
 * full-width ASCII forms become plain, as browsers' targets do); `\` and a newline is nothing; `\x` is x.
 */
import { utf8 } from './utf8.ts'

const escapes = /\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[\t\n\f\r ])?|(\n)|([\s\S]?))/g

export const cssDecode = (value: string): string =>
  value.includes('\\')
    ? value.replace(escapes, (_, hex?: string, newline?: string, other?: string) =>
        hex ? character(hex) : newline ? '' : (other ?? ''),
      )
    : value

function character(hex: string): string {
  const code = Number.parseInt(hex, 16)
  return utf8(code >= 0xff01 && code <= 0xff5e ? code - 0xfee0 : code)
}
