/** `[…]` → a set of bytes. */
import { type ByteSet, byte, digits, folded, lower, noBytes, not, onlyOf, range, space, upper, word } from './bytes.ts'
import { readClassEscape } from './escape.ts'
import type { Reader } from './reader.ts'

const graphic = range(0x21, 0x7e)

const posix: Readonly<Record<string, ByteSet>> = {
  alnum: digits | upper | lower,
  alpha: upper | lower,
  ascii: range(0, 0x7f),
  blank: byte(9) | byte(32),
  cntrl: range(0, 31) | byte(127),
  digit: digits,
  graph: graphic,
  lower,
  print: graphic | byte(32),
  punct: graphic & not(digits | upper | lower),
  space,
  upper,
  word,
  xdigit: digits | range(0x41, 0x46) | range(0x61, 0x66),
}

/** The opening bracket has been read. A `]` that comes first stands for itself. */
export function readClass(reader: Reader, ignoreCase: boolean): ByteSet {
  const negated = reader.take('^')
  let set = noBytes
  for (let first = true; first || !reader.at(']'); first = false) {
    if (reader.done) reader.fail('a [ is not closed')
    set |= readItem(reader)
  }
  reader.take(']')
  if (ignoreCase) set = folded(set)
  return negated ? not(set) : set
}

function readItem(reader: Reader): ByteSet {
  if (/^\[:\^?[a-z]+:\]/.test(reader.rest(12))) return readPosix(reader)
  const from = readMember(reader)
  const isRange = reader.at('-') && !/^-(?:\]|$)/.test(reader.rest(2))
  const low = onlyOf(from)
  if (!isRange || low === undefined) return from
  reader.take('-')
  const to = readMember(reader)
  const high = onlyOf(to)
  if (high === undefined) return from | byte(0x2d) | to // `a-\w`: PCRE takes the three of them
  if (high < low) reader.fail('the range ends before it begins')
  return range(low, high)
}

function readPosix(reader: Reader): ByteSet {
  const [, negated, name] = reader.match(/\[:(\^?)([a-z]+):\]/y, 'a POSIX class')
  const set = posix[name!]
  if (set === undefined) return reader.fail(`there is no class [:${name}:]`)
  return negated ? not(set) : set
}

const readMember = (reader: Reader): ByteSet => (reader.at('\\') ? readClassEscape(reader) : byte(reader.byte()))
