/** Cassandra's CQL binary protocol v3 - v6 (native_protocol specifications): OPTIONS or STARTUP; the server's first answer. */
import { at } from './bytes.ts'
import { be16, be32, has, is, MORE, NO, truth, within, YES } from './read.ts'

const opError: i32 = 0
const opStartup: i32 = 1
const opReady: i32 = 2
const opAuthenticate: i32 = 3
const opOptions: i32 = 5
const opSupported: i32 = 6
/** A STARTUP or SUPPORTED body is a few hundred bytes. */
const maxBodyBytes: i32 = 65536

/** Version, flags, stream 2, opcode, length 4. */
function header(version: i32): i32 {
  return (
    within(0, version + 3, version + 6) & within(1, 0, 0x1f) & within(2, 0, 0x7f) & within(4, 0, opSupported) & has(9)
  )
}

export function cassandraClient(): i32 {
  const frame = header(0) & (is(4, opStartup) | is(4, opOptions))
  if (frame !== YES) return frame
  const length = be32(5)
  if (at(4) === opOptions) return truth(length === 0)
  return truth(length > 20 && length < maxBodyBytes) & map()
}

/** A string map or multimap: a count, then a key in capitals (`CQL_VERSION`, `COMPRESSION` …). */
function map(): i32 {
  const start = is(9, 0) & within(10, 1, 32) & is(11, 0) & within(12, 2, 64)
  if (start !== YES) return start
  for (let i: i32 = 13; i < 13 + at(12); i++) {
    const c = at(i)
    if (c < 0) return MORE
    if (!((c >= 65 && c <= 90) || c === 95)) return NO
  }
  return YES
}

export function cassandraServer(): i32 {
  const frame = header(0x80)
  if (frame !== YES) return frame
  const length = be32(5)
  const opcode = at(4)
  if (opcode === opReady) return truth(length === 0)
  if (length < 4 || length > maxBodyBytes) return NO
  if (opcode === opSupported) return map()
  if (opcode === opError) return is(9, 0) & is(10, 0) & within(11, 0, 0x25)
  return opcode === opAuthenticate ? is(9, 0) & has(11) & truth(be16(9) === length - 2) : NO
}
