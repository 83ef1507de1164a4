/** Nine digits as US tax and social security numbers are written: `AAA-GG-SSSS`, with blanks, or bare. */
import { grouped, standsAlone } from '../bytes.ts'
import type { Detector } from '../model.ts'

type Find = Extract<Detector, { find: unknown }>['find']

/** Bare digits and blanks are weak evidence, hyphens likely; `issuable` gets the digits alone. */
export function threeTwoFour(issuable: (digits: Uint8Array) => boolean): Find {
  return (text, from, to, digits) => {
    if (to - from === 9) return issuable(digits) ? { start: from, end: to, strength: 'weak' } : undefined
    const found = grouped(text, from, [3, 2, 4])
    if (!found || !issuable(found.digits) || !standsAlone(text, from, found.end)) return undefined
    return { start: from, end: found.end, strength: found.separator === 0x2d ? 'likely' : 'weak' }
  }
}
