/** What detectors ask about bytes. Outside the text there is byte 0: a boundary. */

const digit = 1
const letter = 2
const flags = Uint8Array.from({ length: 256 }, (_, b) => {
  if (b >= 0x30 && b <= 0x39) return digit
  return (b >= 0x41 && b <= 0x5a) || (b >= 0x61 && b <= 0x7a) ? letter : 0
})

export const at = (text: Buffer, i: number): number => (i >= 0 && i < text.length ? text[i]! : 0)
export const isDigit = (byte: number): boolean => flags[byte] === digit
export const isLetter = (byte: number): boolean => flags[byte] === letter
export const isAlnum = (byte: number): boolean => flags[byte] !== 0
/** Part of an identifier: a number beside it is no number of its own. */
export const isWord = (byte: number): boolean => flags[byte] !== 0 || byte === 0x5f

/** A text is asked about many times: it becomes a string once, of which pieces cost nothing. */
let last: { readonly text: Buffer; readonly string: string } | undefined

/** The bytes in [from, to) as latin1, as far as there are any. The text must not be written to while it is this object. */
export function slice(text: Buffer, from: number, to: number): string {
  if (last?.text !== text) last = { text, string: text.toString('latin1') }
  return last.string.slice(Math.max(0, from), Math.max(0, to))
}

/** The text that was last asked about is held no longer. */
export function forgetText(): void {
  last = undefined
}

/** Spaces, hyphens and full stops away, letters upper case. */
export const bare = (value: string): string => value.replace(/[ .-]/g, '').toUpperCase()

/**
 * Nothing glued to it: not part of an identifier, a float, a longer run or a chain of hyphens (UUIDs, order numbers).
 */
export function standsAlone(text: Buffer, start: number, end: number): boolean {
  return !glued(at(text, start - 1), at(text, start - 2)) && !glued(at(text, end), at(text, end + 1))
}

function glued(next: number, beyond: number): boolean {
  if (isWord(next)) return true
  if (next === 0x2e) return isDigit(beyond)
  return next === 0x2d && isWord(beyond)
}

/** The values of the digits in [from, to), written to `into`. */
export function readDigits(text: Buffer, from: number, to: number, into: Uint8Array): void {
  for (let i = from; i < to; i++) into[i - from] = text[i]! - 0x30
}

/** The number that the digits from `from` to `to` are. */
export function numberOf(digits: Uint8Array, from: number, to: number): number {
  let number = 0
  for (let i = from; i < to; i++) number = number * 10 + digits[i]!
  return number
}

export function allEqual(digits: Uint8Array, length: number): boolean {
  for (let i = 1; i < length; i++) if (digits[i] !== digits[0]) return false
  return true
}

export type Grouped = {
  readonly end: number
  /** Their values; good until the next call. */
  readonly digits: Uint8Array
  readonly separator: number
}

const grouping = new Uint8Array(24)

/** Digits in groups of these sizes from `start`, between them a space or a hyphen, the same throughout. */
export function grouped(text: Buffer, start: number, sizes: readonly number[]): Grouped | undefined {
  const separator = at(text, start + sizes[0]!)
  if ((separator !== 0x20 && separator !== 0x2d) || !isDigit(at(text, start + sizes[0]! + 1))) return undefined
  let i = start
  let count = 0
  for (let n = 0; n < sizes.length; n++) {
    if (n > 0 && at(text, i++) !== separator) return undefined
    for (const end = i + sizes[n]!; i < end; i++) {
      const byte = at(text, i)
      if (!isDigit(byte)) return undefined
      grouping[count++] = byte - 0x30
    }
  }
  return isDigit(at(text, i)) ? undefined : { end: i, digits: grouping, separator }
}
