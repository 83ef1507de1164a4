/** PESEL (Poland): a date of birth (the century is in the month), weights 1-3-7-9 modulo 10. */
import { numberOf } from '../bytes.ts'
import { weighted } from '../checksums.ts'
import type { Detector } from '../model.ts'

const weights = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]
/** Hundreds of years by the month's tens, in pairs. */
const centuries = [1900, 2000, 2100, 2200, 1800]

function isDate(digits: Uint8Array): boolean {
  const month = numberOf(digits, 2, 4)
  const year = centuries[Math.floor(month / 20)]! + numberOf(digits, 0, 2)
  const day = numberOf(digits, 4, 6)
  const inYear = month % 20
  return inYear >= 1 && inYear <= 12 && day >= 1 && day <= new Date(Date.UTC(year, inYear, 0)).getUTCDate()
}

export const pesel: Detector = {
  name: 'pesel',
  context: ['pesel', 'ewidencyjny', 'numer', 'urodzenia', 'dowód'],
  trigger: { kind: 'digits', weak: [11] },
  find(_text, from, to, digits) {
    const valid = weighted(digits, weights) % 10 === 0 && isDate(digits)
    return valid ? { start: from, end: to, strength: 'weak' } : undefined
  },
}
