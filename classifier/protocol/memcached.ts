/** Memcached: the text protocol (protocol.txt) and the binary one, which Couchbase speaks too. */
import { at, size } from './bytes.ts'
import { afterDigits, be16, be32, has, is, literal, MORE, NO, newline, truth, within, YES, zeros } from './read.ts'

/** protocol.txt: "the length limit of a key is set at 250 characters". */
const maxKeyBytes: i32 = 250
const maxNumberDigits: i32 = 20
const request: i32 = 0x80
const response: i32 = 0x81

export function memcachedClient(): i32 {
  return binaryRequest() | retrieval() | storage() | number() | bare() | meta()
}

/** `get`, `gets` and keys; `delete` and one. */
function retrieval(): i32 {
  return keys(4, literal(0, 'get ')) | keys(5, literal(0, 'gets ')) | keys(7, literal(0, 'delete '))
}

function keys(from: i32, verb: i32): i32 {
  if (verb !== YES) return verb
  let i: i32 = afterKey(from)
  while (at(i) === 32 && afterKey(i + 1) > i + 1) i = afterKey(i + 1)
  if (at(i) === 32 && at(i + 1) < 0) return MORE
  return i === from ? within(from, 33, 255) : newline(i)
}

/** `set`, `add`, `replace`, `append`, `prepend`, `cas`: key, flags, expiry, length. */
function storage(): i32 {
  return (
    values(4, literal(0, 'set ') | literal(0, 'add ') | literal(0, 'cas ')) |
    values(7, literal(0, 'append ')) |
    values(8, literal(0, 'replace ') | literal(0, 'prepend '))
  )
}

function values(from: i32, verb: i32): i32 {
  if (verb !== YES) return verb
  const flags: i32 = afterKey(from)
  const expiry: i32 = afterNumber(flags)
  const length: i32 = afterNumber(expiry)
  const end: i32 = afterNumber(length)
  if (at(end) < 0) return MORE
  if (flags === from || expiry === flags || length === expiry || end === length) return NO
  return newline(end) | is(end, 32)
}

/** `incr`, `decr`, `touch`: key and number. */
function number(): i32 {
  return counted(5, literal(0, 'incr ') | literal(0, 'decr ')) | counted(6, literal(0, 'touch '))
}

function counted(from: i32, verb: i32): i32 {
  if (verb !== YES) return verb
  const key: i32 = afterKey(from)
  const end: i32 = afterNumber(key)
  if (at(end) < 0) return MORE
  return key === from || end === key ? NO : newline(end) | is(end, 32)
}

/** Clients send CR LF; `version` and `stats` with a bare LF are other servers' commands. */
function bare(): i32 {
  return (
    literal(0, 'stats\r\n') | literal(0, 'version\r\n') | literal(0, 'flush_all\r\n') | settings(literal(0, 'stats '))
  )
}

function settings(verb: i32): i32 {
  if (verb !== YES) return verb
  const end: i32 = afterKey(6)
  return end === 6 ? within(6, 33, 255) : literal(end, '\r\n')
}

/** `mg`, `ms`, `md`, `ma`: key and flags; `mn`. */
function meta(): i32 {
  const verb = is(0, 109) & (is(1, 103) | is(1, 115) | is(1, 100) | is(1, 97)) & is(2, 32)
  return keys(3, verb) | literal(0, 'mn\r\n')
}

/** Where a key that starts at `from` ends; `from` itself where there is none. */
function afterKey(from: i32): i32 {
  let i: i32 = from
  while (i < from + maxKeyBytes && at(i) > 32 && at(i) !== 127) i++
  return i
}

/** Where the number after the space at `space` ends; `space` itself where there is none, or where bytes are missing. */
function afterNumber(space: i32): i32 {
  if (at(space) !== 32) return space
  const digits: i32 = at(space + 1) === 45 ? space + 2 : space + 1
  if (at(digits) < 0) return size()
  const end = afterDigits(digits, maxNumberDigits)
  return end === digits ? space : end
}

/** 24 bytes: magic, opcode, key length 2, extras length, data type 0, vbucket 2, body length 4, opaque 4, CAS 8. */
function binary(magic: i32): i32 {
  const start = is(0, magic) & within(2, 0, 1) & within(4, 0, 20) & is(5, 0) & is(8, 0) & has(24)
  if (start !== YES) return start
  const extras = at(4)
  const legal: bool = extras === 0 || extras === 4 || extras === 8 || extras === 20
  return truth(legal && be16(2) <= maxKeyBytes && be32(8) >= be16(2) + extras)
}

function opcode(): i32 {
  return within(1, 0, 0x26) | is(1, 0x89)
}

function binaryRequest(): i32 {
  return binary(request) & opcode() & (has(24) & zeros(16, 24))
}

export function memcachedServer(): i32 {
  const text = literal(0, 'VALUE ') | literal(0, 'STAT ') | literal(0, 'VERSION ') | literal(0, 'STORED\r\n')
  const answer =
    literal(0, 'NOT_STORED\r\n') | literal(0, 'NOT_FOUND\r\n') | literal(0, 'END\r\n') | literal(0, 'DELETED\r\n')
  return text | answer | (binary(response) & opcode() & is(6, 0))
}
