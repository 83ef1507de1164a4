/** US national provider identifiers: ten digits, 1 or 2 first, Luhn with 80840 before them (45 CFR 162.406). */
import { standsAlone } from '../bytes.ts'
import { luhn } from '../checksums.ts'
import type { Detector } from '../model.ts'

export const npi: Detector = {
  name: 'npi',
  context: ['npi', 'provider', 'national provider', 'physician', 'prescriber', 'dea'],
  trigger: { kind: 'digits', alone: [10] },
  find(text, from, to, digits) {
    if (!/^[12]/.test(digits) || !luhn(`80840${digits}`) || !standsAlone(text, from, to)) return undefined
    return { start: from, end: to, strength: 'weak' }
  },
}
