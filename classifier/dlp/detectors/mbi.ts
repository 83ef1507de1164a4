/** Medicare beneficiary identifiers: 11 places, each with its class, letters without S, L, O, I, B, Z (CMS). */
import { at, isLetter, slice, standsAlone } from '../bytes.ts'
import type { Detector } from '../model.ts'

const letter = '[AC-HJKMNP-RT-Y]'
const either = '[AC-HJKMNP-RT-Y0-9]'
const shape = new RegExp(`^[1-9]${letter}${either}\\d(-?)${letter}${either}\\d\\1${letter}{2}\\d\\d$`)

export const mbi: Detector = {
  name: 'mbi',
  context: ['mbi', 'medicare', 'beneficiary', 'cms'],
  trigger: { kind: 'digits', afterLetter: [2] },
  find(text, from, to) {
    if (!isLetter(at(text, from - 2))) return undefined
    const hyphens = at(text, from - 3) === 0x2d
    const start = to - (hyphens ? 13 : 11)
    const value = slice(text, start, to)
    if (start < 0 || !shape.test(value) || !standsAlone(text, start, to)) return undefined
    return { start, end: to, strength: hyphens ? 'certain' : 'likely' }
  },
}
