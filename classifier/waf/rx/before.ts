/** What assertions such as `\b` ask of the byte that was read before. */
import type { Program } from './program.ts'

export const before = { nothing: 0, newline: 1, word: 2, other: 3 } as const

/** How many there are. */
export const kinds = 4

/** What each class of bytes is for the assertions behind it; no more is told apart than the program asks for. */
export function kindsOf({ classes, width, asksWords, asksLines }: Program): Uint8Array {
  const found = new Uint8Array(width + 1).fill(before.other)
  for (let value = 0; value < 256; value++) {
    if (asksLines && value === 0x0a) found[classes[value]!] = before.newline
    else if (asksWords && /\w/.test(String.fromCharCode(value))) found[classes[value]!] = before.word
  }
  return found
}
