/** ABA routing numbers: 3-7-1 weights modulo 10, first two digits of a Federal Reserve district or a kind of institute. */
import { numberOf } from '../bytes.ts'
import { weighted } from '../checksums.ts'
import type { Detector } from '../model.ts'

const weights = [3, 7, 1, 3, 7, 1, 3, 7, 1]

function assigned(prefix: number): boolean {
  return prefix <= 12 || (prefix >= 21 && prefix <= 32) || (prefix >= 61 && prefix <= 72) || prefix === 80
}

export const aba: Detector = {
  name: 'aba',
  context: ['aba', 'routing', 'rtn', 'aba number', 'bank', 'wire', 'ach', 'transit'],
  trigger: { kind: 'digits', weak: [9] },
  find(_text, from, to, digits) {
    // One in forty numbers of nine digits passes.
    if (!assigned(numberOf(digits, 0, 2)) || weighted(digits, weights) % 10 !== 0) return undefined
    return numberOf(digits, 2, 9) === 0 && numberOf(digits, 0, 2) === 0
      ? undefined
      : { start: from, end: to, strength: 'weak' }
  },
}
