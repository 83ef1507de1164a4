/** Canadian social insurance numbers: Luhn; 0 and 8 never begin one. */
import { grouped, standsAlone } from '../bytes.ts'
import { luhn } from '../checksums.ts'
import type { Detector } from '../model.ts'

const valid = (digits: string): boolean => !/^[08]/.test(digits) && luhn(digits)

export const sin: Detector = {
  name: 'sin',
  context: ['sin', 'social insurance', 'nas', 'assurance sociale', 'canada', 'canadian', 'cra'],
  trigger: { kind: 'digits', alone: [9], first: [3] },
  find(text, from, to, digits) {
    const shaped = to - from === 9 ? { end: to, digits } : grouped(text, from, [3, 3, 3])
    if (!shaped || !valid(shaped.digits) || !standsAlone(text, from, shaped.end)) return undefined
    // One in twelve tables of thousands looks like this: both forms need their context.
    return { start: from, end: shaped.end, strength: 'weak' }
  },
}
