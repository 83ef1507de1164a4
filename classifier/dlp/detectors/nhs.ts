/** NHS numbers (England, Wales, Isle of Man): weights 10 to 2, modulo 11; a check digit of 10 is never issued. */
import { allEqual, grouped, standsAlone } from '../bytes.ts'
import { weighted } from '../checksums.ts'
import type { Detector } from '../model.ts'

const weights = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]

export const nhs: Detector = {
  name: 'nhs',
  context: ['nhs', 'nhs number', 'patient', 'health service', 'gp', 'hospital'],
  trigger: { kind: 'digits', weak: [10], first: [3] },
  find(text, from, to, digits) {
    if (to - from === 10) return valid(digits) ? { start: from, end: to, strength: 'weak' } : undefined
    // American telephone numbers have the same shape.
    const shaped = grouped(text, from, [3, 3, 4])
    if (!shaped || !valid(shaped.digits) || !standsAlone(text, from, shaped.end)) return undefined
    return { start: from, end: shaped.end, strength: 'weak' }
  },
}

const valid = (digits: Uint8Array): boolean => weighted(digits, weights) % 11 === 0 && !allEqual(digits, 10)
