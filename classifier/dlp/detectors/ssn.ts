/** US social security numbers. There is no check digit: areas, groups and serials never issued (SSA, RM 10201.035). */
import { allEqual, numberOf } from '../bytes.ts'
import type { Detector } from '../model.ts'
import { threeTwoFour } from './three-two-four.ts'

/** Printed in advertisements, or typed by people who want to show what one looks like. */
const known = new Set([78051120, 219099999, 457555462, 123456789])

function issuable(digits: Uint8Array): boolean {
  const area = numberOf(digits, 0, 3)
  if (area === 0 || area === 666 || area >= 900) return false
  if (numberOf(digits, 3, 5) === 0 || numberOf(digits, 5, 9) === 0) return false
  return !known.has(numberOf(digits, 0, 9)) && !allEqual(digits, 9)
}

export const ssn: Detector = {
  name: 'ssn',
  context: ['ssn', 'ssns', 'social security', 'social', 'ss#', 'socialsecurity', 'ssid', 'tax id', 'taxpayer'],
  trigger: { kind: 'digits', weak: [9], first: [3] },
  find: threeTwoFour(issuable),
}
