/** PostgreSQL (protocol 3.0, 3.2; "Message Formats" in its manual): startup, SSL, GSS and cancel requests; the server's R. */
import { at } from './bytes.ts'
import { be32, has, is, isDigit, isLetter, MORE, NO, truth, within, YES, zeros } from './read.ts'

/** Past it a startup packet is refused by the server itself (MAX_STARTUP_PACKET_LENGTH). */
const maxStartupBytes: i32 = 10000
const version3: i32 = 196608
const version32: i32 = 196610
/** Asked for by servers and proxies that test for version negotiation ("grease"). */
const version39999: i32 = 206607
const cancelRequest: i32 = 80877102
const sslRequest: i32 = 80877103
const gssRequest: i32 = 80877104
/** Process id, and a secret of 4 (3.0) to 256 (3.2) bytes. */
const maxCancelBytes: i32 = 12 + 256

export function postgresqlClient(): i32 {
  const header = is(0, 0) & is(1, 0) & within(2, 0, maxStartupBytes >> 8) & has(8)
  if (header !== YES) return header
  const length = be32(0)
  const code = be32(4)
  if (code === sslRequest || code === gssRequest) return truth(length === 8)
  if (code === cancelRequest) return truth(length >= 16 && length <= maxCancelBytes)
  if (code !== version3 && code !== version32 && code !== version39999) return NO
  return truth(length > 9 && length <= maxStartupBytes) & firstParameter(8)
}

/** A name such as `user` or `_pq_.x`, ended by a zero. */
function firstParameter(from: i32): i32 {
  for (let i: i32 = from; i < from + 64; i++) {
    const c = at(i)
    if (c < 0) return MORE
    if (c === 0) return truth(i > from)
    if (!isLetter(c) && !isDigit(c) && c !== 95 && c !== 46) return NO
  }
  return NO
}

/** An authentication request (its kinds run to 12, SASLFinal), or an error in the protocol's own form. */
export function postgresqlServer(): i32 {
  const authentication = is(0, 82) & zeros(1, 4) & within(4, 8, 255) & zeros(5, 8) & within(8, 0, 12)
  const error = is(0, 69) & zeros(1, 3) & within(3, 0, 8) & within(4, 0, 255) & is(5, 83) & within(6, 65, 90)
  return authentication | error
}
