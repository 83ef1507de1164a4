/** Telephone numbers: E.164 with a country code that exists; the North American way of writing beside a context word. */
import { at, isDigit, isWord, slice } from '../bytes.ts'
import type { Detector, Found } from '../model.ts'

/** ITU-T E.164 assigned country codes. */
const codes =
  /^(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|21[12368]|2[2-6]\d|29[017-9]|35\d|37[0-8]|38[0-35-79]|42[013]|50\d|59\d|67[02-9]|68\d|69[0-2]|8[07]0|808|85[02356]|88[0-36-8]|96[0-8]|97[0-79]|99[2-68])/
const nanp = /^\+?1?[ .-]?\(?[2-9]\d\d\)?[ .-]?[2-9]\d\d[ .-]?\d{4}$/
const international = /^\+\d(?:[ .\-/]?\(?\d\)?){6,14}/
const national = /^\(?[2-9]\d\d\)?[ .-] ?[2-9]\d\d[ .-]\d{4}/

export const phone: Detector = {
  name: 'phone',
  context: [
    'phone',
    'tel',
    'telephone',
    'call',
    'mobile',
    'cell',
    'fax',
    'contact',
    'whatsapp',
    'sms',
    'phonenumber',
    'telefon',
  ],
  trigger: { kind: 'words', words: ['+0', '00-000', '00.000', '00 000', '00) 000', '00)000'], ignoreCase: false },
  find(text, from) {
    return at(text, from) === 0x2b ? inE164(text, from) : american(text, from)
  },
}

function inE164(text: Buffer, start: number): Found | undefined {
  const match = international.exec(slice(text, start, start + 40))
  if (!match || isWord(at(text, start - 1)) || isWord(at(text, start + match[0].length))) return undefined
  const digits = match[0].replace(/\D/g, '')
  if (!codes.test(digits) || (digits[0] === '1' && !nanp.test(`+${digits}`))) return undefined
  return { start, end: start + match[0].length, strength: 'likely' }
}

/** `from` is at the last two digits of the area code. */
function american(text: Buffer, from: number): Found | undefined {
  if (at(text, from - 1) < 0x32 || !isDigit(at(text, from - 1)) || isDigit(at(text, from - 2))) return undefined
  const start = from - (at(text, from - 2) === 0x28 ? 2 : 1)
  // Three digits and four, from 2 on: most dates, addresses and fractions go here.
  if (!isDigit(at(text, from + 5)) || (at(text, from + 3) < 0x32 && at(text, from + 4) < 0x32)) return undefined
  const match = national.exec(slice(text, start, start + 16))
  if (!match) return undefined
  const end = start + match[0].length
  const [before, after] = [at(text, start - 1), at(text, end)]
  const glued = isWord(before) || before === 0x2d || before === 0x2e || isDigit(after) || isWord(after)
  return glued ? undefined : { start, end, strength: 'weak' }
}
