/** US national provider identifiers: ten digits, 1 or 2 first, Luhn with 80840 before them (45 CFR 162.406). */
import { luhnSum } from '../checksums.ts'
import type { Detector } from '../model.ts'

/** What 80840 adds. */
const prefixSum = 24

export const npi: Detector = {
  name: 'npi',
  context: ['npi', 'provider', 'national provider', 'physician', 'prescriber', 'dea'],
  trigger: { kind: 'digits', weak: [10] },
  find(_text, from, to, digits) {
    const valid = (digits[0] === 1 || digits[0] === 2) && (luhnSum(digits, 10) + prefixSum) % 10 === 0
    return valid ? { start: from, end: to, strength: 'weak' } : undefined
  },
}
