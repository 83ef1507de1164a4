/** Aadhaar (India): 12 digits, Verhoeff, never begins with 0 or 1, no palindrome (UIDAI). */
import { at, grouped, isDigit, standsAlone } from '../bytes.ts'
import { verhoeff } from '../checksums.ts'
import type { Detector } from '../model.ts'

const length = 12
const groups = [4, 4, 4]

function valid(digits: Uint8Array): boolean {
  return digits[0]! >= 2 && verhoeff(digits, length) && !isPalindrome(digits)
}

function isPalindrome(digits: Uint8Array): boolean {
  for (let i = 0; i < length / 2; i++) if (digits[i] !== digits[length - 1 - i]) return false
  return true
}

export const aadhaar: Detector = {
  name: 'aadhaar',
  context: ['aadhaar', 'aadhar', 'adhaar', 'uidai', 'uid', 'aadhaar number'],
  trigger: { kind: 'digits', weak: [12], first: [4] },
  find(text, from, to, digits) {
    if (to - from === length) return valid(digits) ? { start: from, end: to, strength: 'weak' } : undefined
    if (!isDigit(at(text, to + 4))) return undefined
    const shaped = grouped(text, from, groups)
    if (!shaped || !valid(shaped.digits) || !standsAlone(text, from, shaped.end)) return undefined
    return moreFours(text, from, shaped.end) ? undefined : { start: from, end: shaped.end, strength: 'weak' }
  },
}

const separates = (byte: number): boolean => byte === 0x20 || byte === 0x2d

/** Three of the four groups of a card number are none. */
const moreFours = (text: Buffer, start: number, end: number): boolean =>
  (separates(at(text, start - 1)) && isDigit(at(text, start - 2))) ||
  (separates(at(text, end)) && isDigit(at(text, end + 1)))
