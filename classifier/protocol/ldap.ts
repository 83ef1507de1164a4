/** LDAP v2 and v3 (RFC 4511): a message is a SEQUENCE of an id and an operation; what a client may begin with, and answers. */

import { berContent, berLength } from './ber.ts'
import { at } from './bytes.ts'
import { is, literal, MORE, NO, within } from './read.ts'

const bindRequest: i32 = 0x60
const bindResponse: i32 = 0x61
const searchRequest: i32 = 0x63
const modifyRequest: i32 = 0x66
const addRequest: i32 = 0x68
const compareRequest: i32 = 0x6e
const searchEntry: i32 = 0x64
const searchDone: i32 = 0x65
const extendedRequest: i32 = 0x77
const extendedResponse: i32 = 0x78
/** Larger first messages are nobody's. */
const maxMessageBytes: i32 = 1 << 20

/** Where the operation's tag stands; -1 while bytes are missing, -2 where this is no LDAP message. */
function operationAt(): i32 {
  if (at(0) !== 0x30) return at(0) < 0 ? -1 : -2
  const length = berLength(1)
  if (length < 0) return length
  const id: i32 = berContent(1)
  if (length < 5 || length > maxMessageBytes) return -2
  if (at(id) < 0 || at(id + 1) < 0) return -1
  if (at(id) !== 2 || at(id + 1) < 1 || at(id + 1) > 4) return -2
  const operation: i32 = id + 2 + at(id + 1)
  const inner = berLength(operation + 1)
  if (at(operation) < 0 || inner < 0) return at(operation) < 0 || inner === -1 ? -1 : -2
  // what follows the operation inside the message can only be controls
  return berContent(operation + 1) + inner <= id + length ? operation : -2
}

export function ldapClient(): i32 {
  const operation = operationAt()
  if (operation < 0) return operation === -1 ? MORE : NO
  const body: i32 = berContent(operation + 1)
  const tag = at(operation)
  if (tag === bindRequest) return is(body, 2) & is(body + 1, 1) & within(body + 2, 2, 3) & is(body + 3, 4)
  if (tag === searchRequest) return is(body, 4) & scope(body)
  // the three name an entry first; clients that never bound may send them, and are refused
  if (tag === modifyRequest || tag === addRequest || tag === compareRequest) return is(body, 4) & sequenceAfter(body)
  return tag === extendedRequest ? is(body, 0x80) & within(body + 1, 3, 64) & literal(body + 2, '1.') : NO
}

/** After the entry's name: a SEQUENCE. */
function sequenceAfter(body: i32): i32 {
  const length = berLength(body + 1)
  if (length < 0) return length === -1 ? MORE : NO
  return is(berContent(body + 1) + length, 0x30)
}

/** After the base object: scope and aliases, both ENUMERATED of one byte. */
function scope(body: i32): i32 {
  const length = berLength(body + 1)
  if (length < 0) return length === -1 ? MORE : NO
  const i: i32 = berContent(body + 1) + length
  return is(i, 10) & is(i + 1, 1) & within(i + 2, 0, 3) & is(i + 3, 10) & is(i + 4, 1) & within(i + 5, 0, 3)
}

export function ldapServer(): i32 {
  const operation = operationAt()
  if (operation < 0) return operation === -1 ? MORE : NO
  const body: i32 = berContent(operation + 1)
  const tag = at(operation)
  if (tag === searchEntry) return is(body, 4)
  if (tag !== bindResponse && tag !== searchDone && tag !== extendedResponse) return NO
  return is(body, 10) & is(body + 1, 1) & within(body + 2, 0, 123)
}
