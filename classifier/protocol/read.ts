/**
 * What the recognisers are written with: three-valued answers and total reads. Everything in this folder but `bytes.ts`
 * compiles as TypeScript (types stripped) and as AssemblyScript: numbers are `i32`, truths are `bool`, no objects, no
 * closures, no division; every read answers for every index and every loop ends with the window.
 */
import { at, size } from './bytes.ts'

/** These bytes are not of this protocol, whatever follows. */
export const NO: i32 = 0
/** The bytes so far agree; more are needed. */
export const MORE: i32 = 1
/** It is this protocol. With these three values `&` means "and", `|` means "or", for bytes that may not be there yet. */
export const YES: i32 = 3

export function truth(condition: bool): i32 {
  return condition ? YES : NO
}

/** Is the byte at `i` this one? */
export function is(i: i32, byte: i32): i32 {
  const c = at(i)
  return c < 0 ? MORE : truth(c === byte)
}

/** Is the byte at `i` in this range (both ends included)? */
export function within(i: i32, low: i32, high: i32): i32 {
  const c = at(i)
  return c < 0 ? MORE : truth(c >= low && c <= high)
}

/** Are these bits of the byte at `i` all zero? */
export function clear(i: i32, bits: i32): i32 {
  const c = at(i)
  return c < 0 ? MORE : truth((c & bits) === 0)
}

/** Does this text (Latin-1) stand at `from`? */
export function literal(from: i32, text: string): i32 {
  for (let k: i32 = 0; k < text.length; k++) {
    const c = at(from + k)
    if (c < 0) return MORE
    if (c !== text.charCodeAt(k)) return NO
  }
  return YES
}

/** The same in any case of letters; `text` is written in capitals. */
export function word(from: i32, text: string): i32 {
  for (let k: i32 = 0; k < text.length; k++) {
    const c = at(from + k)
    if (c < 0) return MORE
    if (capital(c) !== text.charCodeAt(k)) return NO
  }
  return YES
}

/** Does `text` (in capitals, any case) stand anywhere in [from, to)? */
export function contains(from: i32, to: i32, text: string): bool {
  for (let i: i32 = from; i + text.length <= to; i++) if (word(i, text) === YES) return true
  return false
}

/** Are the bytes in [from, to) all zero? */
export function zeros(from: i32, to: i32): i32 {
  for (let i: i32 = from; i < to; i++) {
    const answer = is(i, 0)
    if (answer !== YES) return answer
  }
  return YES
}

/** Unsigned, big endian; negative where a byte is missing. */
export function be16(i: i32): i32 {
  return (at(i) << 8) | at(i + 1)
}

/** Unsigned, big endian; negative where a byte is missing. */
export function be24(i: i32): i32 {
  return (at(i) << 16) | (at(i + 1) << 8) | at(i + 2)
}

/** Signed: 2^31 and above come out negative. Ask `has` first. */
export function be32(i: i32): i32 {
  return (at(i) << 24) | (at(i + 1) << 16) | (at(i + 2) << 8) | at(i + 3)
}

/** Unsigned, little endian; negative where a byte is missing. */
export function le16(i: i32): i32 {
  return (at(i + 1) << 8) | at(i)
}

/** Unsigned, little endian; negative where a byte is missing. */
export function le24(i: i32): i32 {
  return (at(i + 2) << 16) | (at(i + 1) << 8) | at(i)
}

/** Signed: 2^31 and above come out negative. Ask `has` first. */
export function le32(i: i32): i32 {
  return (at(i + 3) << 24) | (at(i + 2) << 16) | (at(i + 1) << 8) | at(i)
}

/** Are the first `count` bytes there? YES or MORE. */
export function has(count: i32): i32 {
  return size() >= count ? YES : MORE
}

function capital(c: i32): i32 {
  return c >= 97 && c <= 122 ? c - 32 : c
}

export function isDigit(c: i32): bool {
  return c >= 48 && c <= 57
}

export function isLetter(c: i32): bool {
  return (c >= 65 && c <= 90) || (c >= 97 && c <= 122)
}

/** Printable ASCII, space included. */
export function isPrintable(c: i32): bool {
  return c >= 32 && c <= 126
}

/** Where the line that starts at `from` ends (the index of its LF), or -1 while there is none. */
export function lineEnd(from: i32): i32 {
  for (let i: i32 = from; i < size(); i++) if (at(i) === 10) return i
  return -1
}

/** Does the byte at `i` end a line: LF, or CR LF? */
export function newline(i: i32): i32 {
  return is(i, 10) | (is(i, 13) & is(i + 1, 10))
}

/** The first index from `from` on whose byte is no digit (perhaps one past the window). At most `most` are passed. */
export function afterDigits(from: i32, most: i32): i32 {
  let i: i32 = from
  while (i < from + most && isDigit(at(i))) i++
  return i
}
