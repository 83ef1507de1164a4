/** Canadian social insurance numbers: Luhn; 0 and 8 never begin one. */
import { grouped, standsAlone } from '../bytes.ts'
import { luhn } from '../checksums.ts'
import type { Detector } from '../model.ts'

const valid = (digits: Uint8Array): boolean => digits[0] !== 0 && digits[0] !== 8 && luhn(digits, 9)

export const sin: Detector = {
  name: 'sin',
  context: ['sin', 'social insurance', 'nas', 'assurance sociale', 'canada', 'canadian', 'cra'],
  trigger: { kind: 'digits', weak: [9], first: [3] },
  // One in twelve tables of thousands looks like this: both forms need their context.
  find(text, from, to, digits) {
    if (to - from === 9) return valid(digits) ? { start: from, end: to, strength: 'weak' } : undefined
    const shaped = grouped(text, from, [3, 3, 3])
    if (!shaped || !valid(shaped.digits) || !standsAlone(text, from, shaped.end)) return undefined
    return { start: from, end: shaped.end, strength: 'weak' }
  },
}
