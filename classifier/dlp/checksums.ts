/** Check digits. Digits are given by their values, 0 to 9. */
import { crc32 } from 'node:zlib'

/** ISO/IEC 7812-1 annex B, before the modulus. */
export function luhnSum(digits: Uint8Array, length: number): number {
  let sum = 0
  for (let i = length - 1, twice = false; i >= 0; i--, twice = !twice) {
    const value = twice ? digits[i]! * 2 : digits[i]!
    sum += value > 9 ? value - 9 : value
  }
  return sum
}

export const luhn = (digits: Uint8Array, length: number): boolean => luhnSum(digits, length) % 10 === 0

/** The sum of each digit times its weight. */
export function weighted(digits: Uint8Array, weights: readonly number[]): number {
  let sum = 0
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * digits[i]!
  return sum
}

/** ISO 7064 MOD 97-10 of upper-case letters (A = 10) and digits. */
export function mod97(text: string): number {
  let rest = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    rest = code >= 65 ? (rest * 100 + code - 55) % 97 : (rest * 10 + code - 48) % 97
  }
  return rest
}

/** Multiplication in the dihedral group D5 (Verhoeff 1969). */
const product = (a: number, b: number): number => {
  if (a < 5) return b < 5 ? (a + b) % 5 : ((a + b) % 5) + 5
  return b < 5 ? ((a - b + 5) % 5) + 5 : (a - b + 10) % 5
}
const step = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
const permutations = [Array.from({ length: 10 }, (_, i) => i)]
for (let i = 1; i < 8; i++) permutations.push(permutations[i - 1]!.map((value) => step[value]!))

export function verhoeff(digits: Uint8Array, length: number): boolean {
  let check = 0
  for (let i = 0; i < length; i++) check = product(check, permutations[i % 8]![digits[length - 1 - i]!]!)
  return check === 0
}

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** GitHub's and npm's tokens: the last six characters are the CRC-32 of the rest, in base 62 (GitHub's blog, 2021-04-05). */
export function tokenChecksum(random: string): string {
  let text = ''
  for (let rest = crc32(random); text.length < 6; rest = Math.floor(rest / 62)) text = base62[rest % 62] + text
  return text
}
