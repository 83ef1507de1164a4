/** MySQL and MariaDB ("Connection Phase" in their manuals): the server greets; a client that does not wait answers it. */
import { at } from './bytes.ts'
import { has, is, isDigit, isPrintable, le16, le24, MORE, NO, truth, within, YES, zeros } from './read.ts'

const protocol10: i32 = 10
const maxVersionBytes: i32 = 100

/** Handshake v10 or an error packet, both with sequence number 0. */
export function mysqlServer(): i32 {
  const header = has(4) & is(3, 0)
  if (header !== YES) return header
  const length = le24(0)
  if (length < 9 || length > 1024) return NO
  return (is(4, protocol10) & handshake(length)) | (is(4, 0xff) & error(length))
}

/** Version text ended by zero, thread id 4, salt 8, a zero, capabilities 2 …: the rest depends on the version. */
function handshake(length: i32): i32 {
  let i: i32 = 5
  while (i < 5 + maxVersionBytes && isPrintable(at(i))) i++
  if (at(i) < 0) return MORE
  if (at(i) !== 0 || i < 8 || !isDigit(at(5))) return NO
  return is(i + 13, 0) & truth(i - 4 + 16 <= length)
}

/** "Too many connections", "Host is not allowed": an error number of the server's range and text. */
function error(length: i32): i32 {
  if (has(9) !== YES) return MORE
  const number = le16(5)
  return truth(number >= 1000 && number < 5000 && length < 600 && isPrintable(at(7)) && isPrintable(at(8)))
}

/** HandshakeResponse41 or SSLRequest: sequence 1, protocol 4.1 in the capabilities, 19 reserved zeros (MariaDB uses the other 4). */
export function mysqlClient(): i32 {
  const header = has(6) & is(3, 1)
  if (header !== YES) return header
  const length = le24(0)
  if (length < 32 || length > 4096) return NO
  return truth((at(5) & 2) !== 0) & within(12, 1, 255) & zeros(13, 32)
}
