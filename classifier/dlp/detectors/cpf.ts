/** CPF (Brazil): two check digits modulo 11. */
import { allEqual, at, isDigit, slice, standsAlone } from '../bytes.ts'
import { weighted } from '../checksums.ts'
import type { Detector } from '../model.ts'

const first = [10, 9, 8, 7, 6, 5, 4, 3, 2]
const second = [11, ...first]
const check = (digits: Uint8Array, weights: readonly number[]): number => ((weighted(digits, weights) * 10) % 11) % 10

function valid(digits: Uint8Array): boolean {
  return check(digits, first) === digits[9] && check(digits, second) === digits[10] && !allEqual(digits, 11)
}

const printed = /^\d{3}\.\d{3}\.\d{3}-\d{2}/

export const cpf: Detector = {
  name: 'cpf',
  context: ['cpf', 'cadastro', 'contribuinte', 'pessoa', 'receita'],
  trigger: { kind: 'digits', weak: [11], dotted: [3] },
  find(text, from, to, digits) {
    if (to - from === 11) return valid(digits) ? { start: from, end: to, strength: 'weak' } : undefined
    const end = from + 14
    if (at(text, from + 7) !== 0x2e) return undefined
    const value = slice(text, from, end)
    if (!printed.test(value) || !valid(Uint8Array.from(value.replace(/\D/g, ''), Number))) return undefined
    if (isDigit(at(text, end)) || !standsAlone(text, from, end)) return undefined
    return { start: from, end, strength: 'certain' }
  },
}
