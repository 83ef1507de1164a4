/** Payment cards: a known issuer range (ISO/IEC 7812 IINs as the networks publish them), its lengths, Luhn. */
import { at, grouped, isDigit, numberOf, readDigits, standsAlone } from '../bytes.ts'
import { luhn } from '../checksums.ts'
import { neighbourBytes } from '../limits.ts'
import type { Detector } from '../model.ts'

type Issuer = readonly [from: string, to: string, lengths: readonly number[]]

const maxLength = 19
const to19 = [16, 17, 18, 19]
const maestro = [12, 13, 14, 15, 16, 17, 18, 19]

/** The more usual first. A range is compared by its own number of digits. */
const issuers: readonly Issuer[] = [
  ['4', '4', [13, 16, 19]], //                 Visa
  ['51', '55', [16]], //                       Mastercard
  ['2221', '2720', [16]], //                   Mastercard
  ['34', '34', [15]], //                       American Express
  ['37', '37', [15]], //                       American Express
  ['6011', '6011', to19], //                   Discover
  ['644', '659', to19], //                     Discover, RuPay, Elo
  ['300', '305', to19.concat(14)], //          Diners Club
  ['3095', '3095', to19.concat(14)], //        Diners Club
  ['36', '36', [14, ...to19]], //              Diners Club
  ['38', '39', to19.concat(14)], //            Diners Club
  ['3528', '3589', to19], //                   JCB
  ['62', '62', to19], //                       UnionPay
  ['2200', '2204', to19], //                   Mir
  ['60', '60', [16]], //                       RuPay, Hipercard
  ['508', '508', [16]], //                     RuPay
  ['81', '82', [16]], //                       RuPay, UnionPay
  ['5018', '5018', maestro],
  ['5020', '5020', maestro],
  ['5038', '5038', maestro],
  ['5893', '5893', maestro],
  ['6304', '6304', maestro],
  ['6759', '6759', maestro],
  ['6761', '6763', maestro],
  ['5019', '5019', [16]], //                   Dankort
  ['5060', '5067', [16]], //                   Verve, Elo
  ['5090', '5090', [16]], //                   Elo
  ['6277', '6277', [16]], //                   Elo
  ['636', '639', to19], //                     InterPayment, InstaPayment, Elo
  ['9792', '9792', [16]], //                   Troy
]

/** By the first four digits: a bit for each length. */
const lengths = new Int32Array(10_000)
for (const [from, to, of] of issuers) {
  const scale = 10 ** (4 - from.length)
  const bits = of.reduce((all, length) => all | (1 << length), 0)
  for (let prefix = Number(from) * scale; prefix < (Number(to) + 1) * scale; prefix++) lengths[prefix]! |= bits
}

const issued = (digits: Uint8Array, length: number): boolean => ((lengths[numberOf(digits, 0, 4)]! >> length) & 1) === 1

/** As printed on cards; the longer first. */
const shapes: readonly (readonly number[])[] = [
  [4, 4, 4, 4, 3],
  [4, 4, 4, 4],
  [4, 6, 5],
  [4, 6, 4],
  [4, 4, 4],
  [4, 4, 4, 1],
]

/** Numbers of 12 digits and more that people keep, and what their fields are called. */
const notCards =
  'id ids order orders invoice tracking shipment parcel ref reference serial sku part article ean gtin upc isbn imei iccid lsn offset seq sequence version timestamp ts time epoch nonce trace span request session hash checksum uuid phone tel zip'.split(
    ' ',
  )

export const card: Detector = {
  name: 'card',
  context: [
    'card',
    'cards',
    'cc',
    'credit',
    'debit',
    'visa',
    'mastercard',
    'amex',
    'american express',
    'discover',
    'diners',
    'jcb',
    'pan',
    'cvv',
    'cvc',
    'cvv2',
    'ccn',
    'creditcard',
    'cardnumber',
    'payment',
    'expiry',
    'exp',
    'karte',
    'kreditkarte',
    'tarjeta',
    'carte',
    'cartao',
  ],
  unless: notCards,
  doubt: isAmongOthers,
  trigger: { kind: 'digits', alone: [12, 13, 14, 15, 16, 17, 18, 19], first: [4] },
  find(text, from, to, digits) {
    const length = to - from
    if (length > 4)
      return issued(digits, length) && luhn(digits, length) ? { start: from, end: to, strength: 'likely' } : undefined
    // Every second group has four digits and more.
    if (!isDigit(at(text, to + 4)) || !isDigit(at(text, to + 3)) || isAfterFour(text, from, at(text, to)))
      return undefined
    for (const shape of shapes) {
      const found = grouped(text, from, shape)
      const count = found ? found.end - from - shape.length + 1 : 0
      if (!found || !issued(found.digits, count) || !luhn(found.digits, count)) continue
      if (standsAlone(text, from, found.end) && !isBeforeFour(text, found.end, found.separator))
        return { start: from, end: found.end, strength: 'certain' }
    }
    return undefined
  },
}

const isFour = (text: Buffer, i: number): boolean => {
  for (let k = 0; k < 4; k++) if (!isDigit(at(text, i + k))) return false
  return true
}

/** A table of four-digit numbers goes on before it… */
const isAfterFour = (text: Buffer, start: number, separator: number): boolean =>
  at(text, start - 1) === separator && isFour(text, start - 5) && !isDigit(at(text, start - 6))

/** …or behind it. */
const isBeforeFour = (text: Buffer, end: number, separator: number): boolean =>
  at(text, end) === separator && isFour(text, end + 1) && !isDigit(at(text, end + 5))

const neighbour = new Uint8Array(maxLength)

/** Other numbers of its length stand around it, and most of them are no cards: a column of ids, one in 40 of which looks like one. */
function isAmongOthers(text: Buffer, start: number, end: number): boolean {
  const length = end - start
  const last = Math.min(text.length, end + neighbourBytes)
  let cards = 1
  let others = 0
  let i = Math.max(0, start - neighbourBytes)
  // What goes on here may have begun before what is still there of the stream.
  while (isDigit(at(text, i))) i++
  // No more than so many are still to come: often enough that decides.
  while (i < last && 2 * cards <= others + (last - i + 1) / (length + 1)) {
    const from = i
    while (isDigit(at(text, i))) i++
    if (i - from === length && from !== start && standsAlone(text, from, i)) {
      readDigits(text, from, i, neighbour)
      if (issued(neighbour, length) && luhn(neighbour, length)) cards++
      else others++
    }
    while (i < last && !isDigit(text[i]!)) i++
  }
  return others >= 2 * cards
}
