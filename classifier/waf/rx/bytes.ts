/** Sets of byte values as 256-bit integers: bit n is byte n. */

export type ByteSet = bigint

export const noBytes: ByteSet = 0n
export const allBytes: ByteSet = (1n << 256n) - 1n

export const byte = (value: number): ByteSet => 1n << BigInt(value)
export const not = (set: ByteSet): ByteSet => allBytes ^ set
export const has = (set: ByteSet, value: number): boolean => ((set >> BigInt(value)) & 1n) === 1n

/** Both ends belong to it. */
export const range = (from: number, to: number): ByteSet => ((1n << BigInt(to - from + 1)) - 1n) << BigInt(from)

export const digits = range(0x30, 0x39)
export const upper = range(0x41, 0x5a)
export const lower = range(0x61, 0x7a)
export const word = digits | upper | lower | byte(0x5f)
/** As PCRE since 8.34: with the vertical tab, unlike RE2. */
export const space = range(9, 13) | byte(0x20)

/** ASCII letters in both cases; other bytes have none. */
export const folded = (set: ByteSet): ByteSet => set | ((set & upper) << 32n) | ((set & lower) >> 32n)

export const bytesOf = (set: ByteSet): number[] => {
  const found: number[] = []
  for (const { from, to } of rangesOf(set)) for (let value = from; value <= to; value++) found.push(value)
  return found
}

/** How many. */
export function sizeOf(set: ByteSet): number {
  let size = 0
  for (const part of wordsOf(set)) for (let rest = part; rest !== 0; rest &= rest - 1) size++
  return size
}

/** Bit n of word w is byte 32 w + n. Patterns have many sets, and arithmetic on so large integers is slow. */
export function wordsOf(set: ByteSet): Uint32Array {
  view.setBigUint64(0, set, true)
  view.setBigUint64(8, set >> 64n, true)
  view.setBigUint64(16, set >> 128n, true)
  view.setBigUint64(24, set >> 192n, true)
  return words
}

/** Of the last set that was asked for. */
const words = new Uint32Array(8)
const view = new DataView(words.buffer)

/** The only member, or undefined if there is not exactly one. */
export const onlyOf = (set: ByteSet): number | undefined =>
  set !== noBytes && (set & (set - 1n)) === noBytes ? set.toString(2).length - 1 : undefined

export type Range = { readonly from: number; readonly to: number }

/** In ascending order, not touching each other. */
export function rangesOf(set: ByteSet): readonly Range[] {
  const parts = wordsOf(set)
  const ranges: Range[] = []
  let from = -1
  for (let value = 0; value <= 256; value++) {
    const isIn = value < 256 && ((parts[value >> 5]! >>> (value & 31)) & 1) === 1
    if (isIn && from === -1) from = value
    else if (!isIn && from !== -1) {
      ranges.push({ from, to: value - 1 })
      from = -1
    }
  }
  return ranges
}
