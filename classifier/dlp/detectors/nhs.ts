/** NHS numbers (England, Wales, Isle of Man): weights 10 to 2, modulo 11; a check digit of 10 is never issued. */
import { grouped, standsAlone } from '../bytes.ts'
import { weighted } from '../checksums.ts'
import type { Detector } from '../model.ts'

const weights = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]

export const nhs: Detector = {
  name: 'nhs',
  context: ['nhs', 'nhs number', 'patient', 'health service', 'gp', 'hospital'],
  trigger: { kind: 'digits', alone: [10], first: [3] },
  find(text, from, to, digits) {
    const shaped = to - from === 10 ? { end: to, digits } : grouped(text, from, [3, 3, 4])
    if (!shaped || weighted(shaped.digits, weights) % 11 !== 0 || /^(\d)\1*$/.test(shaped.digits)) return undefined
    // American telephone numbers have the same shape.
    return standsAlone(text, from, shaped.end) ? { start: from, end: shaped.end, strength: 'weak' } : undefined
  },
}
