/** Aadhaar (India): 12 digits, Verhoeff, never begins with 0 or 1, no palindrome (UIDAI). */
import { grouped, slice, standsAlone } from '../bytes.ts'
import { verhoeff } from '../checksums.ts'
import type { Detector } from '../model.ts'

function valid(digits: string): boolean {
  return digits[0]! >= '2' && verhoeff(digits) && [...digits].reverse().join('') !== digits
}

export const aadhaar: Detector = {
  name: 'aadhaar',
  context: ['aadhaar', 'aadhar', 'adhaar', 'uidai', 'uid', 'aadhaar number'],
  trigger: { kind: 'digits', alone: [12], first: [4] },
  find(text, from, to, digits) {
    const shaped = to - from === 12 ? { end: to, digits } : grouped(text, from, [4, 4, 4])
    if (!shaped || !valid(shaped.digits) || !standsAlone(text, from, shaped.end)) return undefined
    if (to - from === 4 && moreFours(text, from, shaped.end)) return undefined
    return { start: from, end: shaped.end, strength: 'weak' }
  },
}

/** Three of the four groups of a card number are none. */
const moreFours = (text: Buffer, start: number, end: number): boolean =>
  /\d[ -]$/.test(slice(text, start - 2, start)) || /^[ -]\d/.test(slice(text, end, end + 2))
