/** US individual taxpayer numbers: 9xx, and 50-65, 70-88, 90-92, 94-99 in the middle (IRS, IRM 3.21.263). */
import { numberOf } from '../bytes.ts'
import type { Detector } from '../model.ts'
import { threeTwoFour } from './three-two-four.ts'

function issuable(digits: Uint8Array): boolean {
  const middle = numberOf(digits, 3, 5)
  if (digits[0] !== 9 || middle < 50 || middle === 89 || middle === 93) return false
  return middle <= 65 || middle >= 70
}

export const itin: Detector = {
  name: 'itin',
  context: ['itin', 'taxpayer', 'individual taxpayer', 'tax id', 'tin', 'irs'],
  trigger: { kind: 'digits', weak: [9], first: [3] },
  find: threeTwoFour(issuable),
}
