/** DNS over TCP (RFC 1035 section 4.2.2): a length, then a message whose counts, labels and types are legal. */
import { at } from './bytes.ts'
import { be16, clear, has, is, MORE, NO, truth, within, YES } from './read.ts'

/** Header 12, a root name 1, type and class 4. */
const minMessageBytes: i32 = 17
const maxNameBytes: i32 = 255
/** The highest type in use: DLV, TA. */
const maxType: i32 = 32769

/** Length, id, then flags of which QR (0 or 0x80) and opcode must fit, Z must be 0, and one question. */
function message(reply: i32): i32 {
  const start = length() & within(4, reply, reply | 0x2f) & clear(5, 0x40) & is(6, 0) & is(7, 1) & has(14)
  return start === YES ? question() : start
}

function length(): i32 {
  return be16(0) < 0 ? MORE : truth(be16(0) >= minMessageBytes)
}

/** The name, its type and class (IN, CH, HS, NONE, ANY); without other records the message ends there. */
function question(): i32 {
  let i: i32 = 14
  while (at(i) > 0) {
    if (at(i) > 63 || i > 14 + maxNameBytes) return NO
    i += at(i) + 1
  }
  if (at(i) < 0 || be16(i + 1) < 0 || be16(i + 3) < 0) return i > 14 + maxNameBytes ? NO : MORE
  const type = be16(i + 1)
  const kind = be16(i + 3)
  const end: i32 = i + 5
  if (type < 1 || type > maxType || (kind !== 1 && kind !== 3 && kind !== 4 && kind !== 254 && kind !== 255)) return NO
  const alone: bool = at(9) === 0 && at(11) === 0 && at(13) === 0
  return truth(alone ? end === be16(0) + 2 : end < be16(0) + 2)
}

/** A query: response code 0, no answers but in updates and notifications, few records of other kinds. */
export function dnsClient(): i32 {
  const counts = is(8, 0) & within(9, 0, 8) & is(10, 0) & within(11, 0, 32) & is(12, 0) & within(13, 0, 4)
  return clear(5, 0x8f) & counts & message(0)
}

export function dnsServer(): i32 {
  return message(0x80)
}
