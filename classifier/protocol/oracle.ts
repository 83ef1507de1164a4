/** Oracle Net (TNS): CONNECT, and the server's ACCEPT, REFUSE, REDIRECT or RESEND. */
import { at } from './bytes.ts'
import { be16, has, is, NO, truth, within, YES, zeros } from './read.ts'

const typeConnect: i32 = 1
const typeAccept: i32 = 2
const typeRefuse: i32 = 4
const typeRedirect: i32 = 5
const typeResend: i32 = 11
/** Version numbers: 300 (Net8) to 319 (23ai), with room. */
const minVersion: i32 = 0x012c
const maxVersion: i32 = 0x0150

/** Length 2, checksum 2, type, flags, header checksum 2. */
function header(type: i32): i32 {
  return within(0, 0, 0x20) & has(4) & zeros(2, 4) & is(4, type) & zeros(6, 8)
}

/** Version, lowest compatible version, … length 2 and offset 2 of the connect data (at 24 and 26). */
export function oracleClient(): i32 {
  const start = header(typeConnect) & is(8, 1) & is(10, 1) & has(28)
  if (start !== YES) return start
  const versions: bool = be16(8) >= minVersion && be16(8) <= maxVersion && be16(10) >= minVersion && be16(10) <= be16(8)
  const data: bool = be16(26) >= 26 && be16(26) <= 96 && be16(24) > 0 && be16(24) < 8192
  // short connect data is in the packet, long data comes in the next one
  return truth(versions && data && (be16(0) === be16(26) + be16(24) || be16(0) === be16(26)))
}

export function oracleServer(): i32 {
  const resend = is(0, 0) & is(1, 8) & header(typeResend) & is(5, 0)
  return resend | accept() | refuse() | redirect()
}

function accept(): i32 {
  const start = header(typeAccept) & is(8, 1) & has(10)
  return start !== YES ? start : truth(be16(0) >= 24 && be16(8) >= minVersion && be16(8) <= maxVersion)
}

/** Reasons 2, then the length of a text such as `(DESCRIPTION=(ERR=12514)…`. */
function refuse(): i32 {
  const start = header(typeRefuse) & has(13)
  return start !== YES ? start : truth(be16(0) === 12 + be16(10)) & is(12, 40)
}

/** A length, then an address `(ADDRESS=…` or `(DESCRIPTION=…`. */
function redirect(): i32 {
  const start = header(typeRedirect) & has(11)
  return start !== YES ? start : at(10) === 40 ? truth(be16(8) + 10 >= be16(0)) : NO
}
