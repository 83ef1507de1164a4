/** MongoDB wire protocol: OP_MSG, OP_QUERY and OP_COMPRESSED; little endian, the opcode at 12. */
import { at } from './bytes.ts'
import { has, is, isPrintable, le32, MORE, NO, truth, within, YES, zeros } from './read.ts'

const opReply: i32 = 1
const opQuery: i32 = 2004
const opCompressed: i32 = 2012
const opMsg: i32 = 2013
/** maxMessageSizeBytes of every server since 2.4. */
const maxMessageBytes: i32 = 48000000

function header(): i32 {
  const length = within(0, 0, 255) & within(3, 0, 2) & has(4)
  if (length !== YES) return length
  return truth(le32(0) >= 26 && le32(0) <= maxMessageBytes) & has(16)
}

/** responseTo is 0 in a request, or -1 from old drivers; the opcode is 2000 and something. */
export function mongodbClient(): i32 {
  const none = zeros(8, 12) | (is(8, 0xff) & is(9, 0xff) & is(10, 0xff) & is(11, 0xff))
  const request = header() & none & is(13, opMsg >> 8) & zeros(14, 16)
  if (request !== YES) return request
  const opcode = le32(12)
  if (opcode === opMsg) return message()
  if (opcode === opQuery) return query()
  return opcode === opCompressed ? compressed() : NO
}

/** Flag bits 0, 1 and 16; then a body (0) or a document sequence (1) whose length fits. */
function message(): i32 {
  const flags = within(16, 0, 3) & is(17, 0) & within(18, 0, 1) & is(19, 0) & within(20, 0, 1) & has(25)
  if (flags !== YES) return flags
  return truth(le32(21) >= 5 && le32(21) <= le32(0) - 21)
}

/** Flags, then a collection name with a dot, ended by a zero. */
function query(): i32 {
  const flags = zeros(17, 20)
  if (flags !== YES) return flags
  let dot: bool = false
  for (let i: i32 = 20; i < 20 + 256; i++) {
    const c = at(i)
    if (c < 0) return MORE
    if (c === 0) return truth(dot)
    if (!isPrintable(c)) return NO
    dot = dot || c === 46
  }
  return NO
}

/** What is inside, its size, and one of four compressors (none, snappy, zlib, zstd). */
function compressed(): i32 {
  const inside = has(25) & within(24, 0, 3)
  if (inside !== YES) return inside
  return truth((le32(16) === opMsg || le32(16) === opQuery) && le32(20) > 0 && le32(20) <= maxMessageBytes)
}

/** A reply names the request it answers. */
export function mongodbServer(): i32 {
  const reply = header() & has(20)
  if (reply !== YES) return reply
  if (le32(8) === 0 || le32(8) === -1) return NO
  const opcode = le32(12)
  if (opcode === opReply) return truth(le32(0) >= 36) & within(16, 0, 15) & zeros(17, 20)
  if (opcode === opMsg) return message()
  return opcode === opCompressed ? compressed() : NO
}
