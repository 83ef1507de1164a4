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

/** How many; 64 look-ups, which is what makes it fit for sorting. */
export function sizeOf(set: ByteSet): number {
  let size = 0
  for (const digit of set.toString(16)) size += onesOf[digit]!
  return size
}

const onesOf: Readonly<Record<string, number>> = Object.fromEntries(
  Array.from('0123456789abcdef', (digit, value) => [digit, [0, 1, 2, 3].filter((bit) => (value >> bit) & 1).length]),
)

/** The only member, or undefined if there is not exactly one. */
export const onlyOf = (set: ByteSet): number | undefined =>
  set !== noBytes && (set & (set - 1n)) === noBytes ? set.toString(2).length - 1 : undefined

export type Range = { readonly from: number; readonly to: number }

/** In ascending order, not touching each other. */
export function rangesOf(set: ByteSet): readonly Range[] {
  const bits = set.toString(2).split('').reverse().join('')
  return Array.from(bits.matchAll(/1+/g), ({ 0: ones, index }) => ({ from: index, to: index + ones.length - 1 }))
}
