/** US social security numbers. There is no check digit: areas, groups and serials never issued (SSA, RM 10201.035). */
import type { Detector } from '../model.ts'
import { threeTwoFour } from './three-two-four.ts'

/** Printed in advertisements, or typed by people who want to show what one looks like. */
const known = new Set(['078051120', '219099999', '457555462', '123456789'])

function issuable(digits: string): boolean {
  const area = digits.slice(0, 3)
  if (area === '000' || area === '666' || area >= '900') return false
  if (digits.slice(3, 5) === '00' || digits.slice(5) === '0000') return false
  return !known.has(digits) && !/^(\d)\1*$/.test(digits)
}

export const ssn: Detector = {
  name: 'ssn',
  context: ['ssn', 'ssns', 'social security', 'social', 'ss#', 'socialsecurity', 'ssid', 'tax id', 'taxpayer'],
  trigger: { kind: 'digits', alone: [9], first: [3] },
  find: threeTwoFour(issuable),
}
