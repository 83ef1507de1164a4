/** Lengths of BER (X.690 section 8.1.3), definite form, as LDAP uses them. */
import { at } from './bytes.ts'
import { be16, be24 } from './read.ts'

/** The length that is written at `i`; -1 where bytes are missing, -2 where it is illegal or above 2^24. */
export function berLength(i: i32): i32 {
  const first = at(i)
  if (first < 0x80) return first
  if (first === 0x81) return at(i + 1)
  if (first === 0x82) return be16(i + 1) < 0 ? -1 : be16(i + 1)
  if (first === 0x83) return be24(i + 1) < 0 ? -1 : be24(i + 1)
  if (first !== 0x84) return -2
  return at(i + 1) > 0 ? -2 : be24(i + 2) < 0 ? -1 : be24(i + 2)
}

/** Where the content after the length at `i` begins. */
export function berContent(i: i32): i32 {
  return at(i) < 0x80 ? i + 1 : i + 1 + (at(i) & 0x7f)
}
