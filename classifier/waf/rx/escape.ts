/** What follows a backslash: a set of bytes or a place. */
import type { Place } from './ast.ts'
import { type ByteSet, byte, digits, not, space, word } from './bytes.ts'
import type { Reader } from './reader.ts'

const places: Readonly<Record<string, Place>> = {
  A: 'start',
  z: 'end',
  b: 'wordEdge',
  B: 'noWordEdge',
}

const horizontal = byte(0x09) | byte(0x20) | byte(0xa0)

const sets: Readonly<Record<string, ByteSet>> = {
  d: digits,
  D: not(digits),
  w: word,
  W: not(word),
  s: space,
  S: not(space),
  h: horizontal,
  H: not(horizontal),
}

/** `\v` is the one byte that it is in RE2 and C; PCRE reads any line break. */
const controls: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** The backslash is still to be read. */
export function readEscape(reader: Reader): ByteSet | Place {
  const place = places[reader.rest(2).slice(1)]
  if (!place) return readSetEscape(reader)
  reader.take(reader.rest(2))
  return place
}

/** Inside `[…]`, where places mean nothing and `\b` is a backspace. */
export function readClassEscape(reader: Reader): ByteSet {
  return reader.take('\\b') ? byte(8) : readSetEscape(reader)
}

function readSetEscape(reader: Reader): ByteSet {
  reader.take('\\')
  const named = sets[reader.peek()] ?? (reader.peek() in controls ? byte(controls[reader.peek()]!) : undefined)
  if (named !== undefined) {
    reader.character()
    return named
  }
  if (reader.at('x')) return byte(hexadecimal(reader))
  if (/[0-7]/.test(reader.peek())) return byte(octal(reader))
  if (reader.take('c')) return byte(reader.byte() & 0x1f)
  if (/[A-Za-z89]/.test(reader.peek())) reader.fail(`\\${reader.peek()} means nothing here`)
  return byte(reader.byte())
}

function hexadecimal(reader: Reader): number {
  const [, short, long] = reader.match(/x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,8})\})/y, 'x and two hexadecimal digits')
  const value = Number.parseInt(short ?? long!, 16)
  if (value > 0xff) reader.fail('subjects are bytes: there is no value above ff')
  return value
}

/** `\0`, `\012`, `\177`; a single other digit would be a reference back, which needs backtracking. */
function octal(reader: Reader): number {
  if (!/^(?:0|[1-3][0-7]{2})/.test(reader.rest(3))) reader.fail('references back are not possible in linear time')
  return Number.parseInt(reader.match(/[0-7]{1,3}/y, 'an octal number')[0], 8) & 0xff
}
