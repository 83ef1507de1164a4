/** UK national insurance numbers: two letters, six digits, a letter A-D (HMRC, NIM39110). */
import { at, bare, isLetter, slice, standsAlone } from '../bytes.ts'
import type { Detector } from '../model.ts'

/** From the start: the letters and prefixes never given out. Spaces in twos, as on the card. */
const shape =
  /^(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?:\d{6}|([ -])\d\d\1\d\d\1\d\d\1)[ -]?[A-D]/i

export const nino: Detector = {
  name: 'nino',
  context: ['nino', 'national insurance', 'ni', 'nin', 'insurance', 'hmrc', 'paye'],
  trigger: { kind: 'digits', afterLetter: [6], first: [2] },
  find(text, from, to) {
    const start = to - from === 6 ? from - 2 : from - 3
    if (!isLetter(at(text, start)) || !isLetter(at(text, start + 1))) return undefined
    const match = shape.exec(slice(text, start, start + 14))
    if (!match) return undefined
    const end = start + match[0].length
    if (!standsAlone(text, start, end)) return undefined
    return { start, end, strength: bare(match[0]) === match[0] ? 'likely' : 'weak' }
  },
}
