/** IBAN (ISO 13616): country and its length from SWIFT's registry, MOD 97-10. */
import { at, isAlnum, isDigit, isLetter, isWord } from '../bytes.ts'
import { mod97 } from '../checksums.ts'
import type { Detector, Found } from '../model.ts'

const table =
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 ' +
  'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 ' +
  'LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 ' +
  'RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'

/** By the country's two letters, of either case; 0: no country. */
const lengths = new Uint8Array(32 * 32)
for (const entry of table.split(' ')) lengths[place(entry.charCodeAt(0), entry.charCodeAt(1))] = Number(entry.slice(2))

function place(first: number, second: number): number {
  return ((first & 31) << 5) | (second & 31)
}

export const iban: Detector = {
  name: 'iban',
  context: ['iban', 'account', 'konto', 'bank', 'bic', 'swift', 'compte', 'cuenta'],
  trigger: { kind: 'digits', afterLetter: Array.from({ length: 20 }, (_, i) => i + 2) },
  find(text, from) {
    const start = from - 2
    if (!isLetter(at(text, start)) || isWord(at(text, start - 1))) return undefined
    const length = lengths[place(at(text, start), at(text, start + 1))]!
    return length === 0 ? undefined : checked(text, start, length)
  },
}

/** The characters stand together, or in fours with single spaces or hyphens between them. */
function checked(text: Buffer, start: number, length: number): Found | undefined {
  let value = ''
  let end = start
  while (value.length < length) {
    if (isAlnum(at(text, end))) value += String.fromCharCode(at(text, end))
    else if (value.length % 4 !== 0 || !' -'.includes(String.fromCharCode(at(text, end)))) return undefined
    else if (!isAlnum(at(text, end + 1))) return undefined
    end++
  }
  if (isWord(at(text, end)) || !isDigit(at(text, start + 3))) return undefined
  const upper = value.toUpperCase()
  return mod97(upper.slice(4) + upper.slice(0, 4)) === 1 ? { start, end, strength: 'certain' } : undefined
}
