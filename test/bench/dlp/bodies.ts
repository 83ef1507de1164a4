/** Bodies of 4 MB as services send them, and the regexes that people run over them. Reproducible: seeded. */
import { randomness } from '../../support/random.ts'

const size = 4 * 1024 * 1024
const random = randomness(1)
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
const number = (below: number): number => Math.floor(random() * below)
const vocabulary =
  'the of and a to in is you that it he was for on are as with his they at be this have from or one had by word but not what all were we when your can said there use an each which she do how their if will up other about out many then them these so some her would make like him into time has look two more write go see number no way could people my than first water been call who oil its now find long down day did get come made may part'.split(
    ' ',
  )
const words = (count: number): string => Array.from({ length: count }, () => pick(vocabulary)).join(' ')
const two = (below: number): string => String(number(below)).padStart(2, '0')
const hex = (digits: number): string => Array.from({ length: digits }, () => number(16).toString(16)).join('')

const pieces = {
  prose: () => `${words(12)}. `,
  'JSON of an API': () =>
    `{"id":${number(1e6)},"name":"${words(2)}","email_verified":${random() < 0.5},"updated":"2026-0${1 + number(9)}-1${number(10)}T0${number(10)}:00:00Z","tags":["${pick(vocabulary)}","${pick(vocabulary)}"],"note":"${words(9)}"},\n`,
  'HTML with links': () =>
    `<div class="item ${pick(vocabulary)}"><a href="/${pick(vocabulary)}/${pick(vocabulary)}?page=${number(9)}">${words(5)}</a><p>${words(10)}</p></div>\n`,
  'a table of numbers': () =>
    `${number(1e4)},${number(1e9)},${(random() * 1e3).toFixed(3)},${number(1e12)},${number(100)}\n`,
  'an access log': () =>
    `10.${number(256)}.${number(256)}.${number(256)} - - [24/Nov/2026:${two(24)}:${two(60)}:${two(60)} +0000] "GET /${pick(vocabulary)}/${number(1e9)}?q=${pick(vocabulary)} HTTP/1.1" 200 ${number(1e5)} "${hex(32)}" ${random().toFixed(3)}\n`,
  'JSON in a JSON string': () => `{\\"id\\":${number(1e6)},\\"name\\":\\"${words(2)}\\",\\"note\\":\\"${words(6)}\\"},`,
  'a list of addresses': () => `${pick(vocabulary)}.${pick(vocabulary)}${number(1e4)}@example.com,${words(2)}\n`,
} as const

function filled(piece: () => string): Buffer {
  const parts: string[] = []
  for (let length = 0; length < size; ) {
    const next = piece()
    parts.push(next)
    length += next.length
  }
  return Buffer.from(parts.join(''), 'latin1')
}

export const bodies = Object.fromEntries(
  Object.entries(pieces).map(([name, piece]) => [name, filled(piece)]),
) as Readonly<Record<keyof typeof pieces, Buffer>>

/** What people write first: one for each of the more usual detectors. */
export const naiveRegexes: readonly RegExp[] = [
  /\b(?:\d[ -]?){12,18}\d\b/g,
  /\b[A-Z]{2}\d{2}[ ]?(?:[A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{1,4}\b/g,
  /\b\d{3}[- ]?\d{2}[- ]?\d{4}\b/g,
  /\b9\d{2}[- ]?[5-9]\d[- ]?\d{4}\b/g,
  /\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b/g,
  /\b\d{3}[ -]?\d{3}[ -]?\d{3,4}\b/g,
  /\b[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}\b/g,
  /\b\d{3}\.?\d{3}\.?\d{3}-?\d{2}\b/g,
  /\b(?:[XYZ]-?\d{7}|\d{8})-?[A-Z]\b/g,
  /\b\d{11}\b/g,
  /\b[A-HJ-NPR-Z0-9]{17}\b/g,
  /\b[12]\d{9}\b/g,
  /\b[1-9][A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d{2}\b/g,
  /[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}/g,
  /\+[1-9](?:[ .()-]?\d){6,14}/g,
  /eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/g,
  /[A-Za-z][A-Za-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/g,
  /\b(?:gh[pousr]|npm)_[A-Za-z0-9]{36}\b/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{35}\b/g,
  /\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{20,}\b/g,
  /\bxox[abeprs]-[A-Za-z0-9-]{20,}\b/g,
  /\bsk-[A-Za-z0-9_-]{20,}\b/g,
  /\bglpat-[A-Za-z0-9_-]{20}\b/g,
]

/** Cards by network and social security numbers: as many as NeuVector's two predefined sensors have, and as they check. */
export const cardRegexes: readonly RegExp[] = [
  /\b4\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b/g,
  /\b5[1-5]\d{2}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b/g,
  /\b3[47]\d{2}[ -]?\d{6}[ -]?\d{5}\b/g,
  /\b3(?:0[0-5]|[68]\d)\d[ -]?\d{6}[ -]?\d{4}\b/g,
  /\b6(?:011|5\d{2})[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b/g,
  /\b35\d{2}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b/g,
  /\b(?:2131|1800)\d{11}\b/g,
  /\b(?!000|666|9)\d{3}[ -](?!00)\d{2}[ -](?!0000)\d{4}\b/g,
]
