/** NIF and NIE (Spain): number modulo 23 names the letter; NIE begins with X, Y or Z for 0, 1, 2. */
import { at, isLetter, slice, standsAlone } from '../bytes.ts'
import type { Detector } from '../model.ts'

const letters = 'TRWAGMYFPDXBNJZSQVHLCKE'
const shape = /^([XYZ]-?)?(\d{7,8})-?([A-Z])/i

export const nif: Detector = {
  name: 'nif',
  context: ['nif', 'nie', 'dni', 'cif', 'identidad', 'documento', 'identificación', 'fiscal'],
  trigger: { kind: 'digits', open: [7, 8], afterLetter: [7] },
  find(text, from, to) {
    const beside = at(text, to - from === 8 ? to : from - 1)
    if (beside !== 0x2d && !isLetter(beside)) return undefined
    const start = to - from === 8 ? from : from - (at(text, from - 1) === 0x2d ? 2 : 1)
    const match = shape.exec(slice(text, start, start + 11))
    if (start < 0 || !match || (to - from === 7) !== (match[1] !== undefined)) return undefined
    const end = start + match[0].length
    const [, lead = '', digits = '', letter = ''] = match
    const number = Number(`${lead === '' ? '' : 'XYZ'.indexOf(lead[0]!.toUpperCase())}${digits}`)
    if (letters[number % 23] !== letter.toUpperCase() || !standsAlone(text, start, end)) return undefined
    return { start, end, strength: 'likely' }
  },
}
