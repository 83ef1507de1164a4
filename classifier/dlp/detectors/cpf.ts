/** CPF (Brazil): two check digits modulo 11. */
import { at, isDigit, slice, standsAlone } from '../bytes.ts'
import { weighted } from '../checksums.ts'
import type { Detector } from '../model.ts'

const first = [10, 9, 8, 7, 6, 5, 4, 3, 2]
const second = [11, ...first]
const check = (digits: string, weights: readonly number[]): number => ((weighted(digits, weights) * 10) % 11) % 10

function valid(digits: string): boolean {
  if (/^(\d)\1*$/.test(digits)) return false
  return check(digits, first) === Number(digits[9]) && check(digits, second) === Number(digits[10])
}

const printed = /^\d{3}\.\d{3}\.\d{3}-\d{2}/

export const cpf: Detector = {
  name: 'cpf',
  context: ['cpf', 'cadastro', 'contribuinte', 'pessoa', 'receita'],
  trigger: { kind: 'digits', alone: [11], first: [3] },
  find(text, from, to) {
    const bare = to - from === 11
    if (!bare && at(text, to) !== 0x2e) return undefined
    const end = bare ? to : from + 14
    const value = slice(text, from, end)
    if ((!bare && !printed.test(value)) || !valid(value.replace(/\D/g, ''))) return undefined
    if (isDigit(at(text, end)) || !standsAlone(text, from, end)) return undefined
    return { start: from, end, strength: bare ? 'weak' : 'certain' }
  },
}
