/** Vehicle identification numbers (ISO 3779, 49 CFR 565): 17 characters without I, O, Q, check digit modulo 11 in the ninth. */
import { at, isLetter, slice, standsAlone } from '../bytes.ts'
import type { Detector } from '../model.ts'

const weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
const alphabet = '0123456789ABCDEFGHJKLMNPRSTUVWXYZ'
const values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9]
/** At least three letters: a number of 17 digits is not a vehicle. */
const shape = /^(?=(?:[^A-Z]*[A-Z]){3})[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{4}\d{4}$/

function valid(vin: string): boolean {
  const sum = weights.reduce((total, weight, i) => total + weight * values[alphabet.indexOf(vin[i]!)]!, 0)
  return '0123456789X'[sum % 11] === vin[8]
}

export const vin: Detector = {
  name: 'vin',
  context: ['vin', 'vehicle', 'chassis', 'car', 'fahrgestellnummer'],
  trigger: { kind: 'digits', afterLetter: Array.from({ length: 12 }, (_, i) => i + 4) },
  find(text, from, to) {
    if (!isLetter(at(text, from - 1))) return undefined
    const start = to - 17
    if (start < 0 || !standsAlone(text, start, to)) return undefined
    const value = slice(text, start, to)
    return shape.test(value) && valid(value) ? { start, end: to, strength: 'likely' } : undefined
  },
}
