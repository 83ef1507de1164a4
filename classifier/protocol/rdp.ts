/** RDP (MS-RDPBCGR sections 2.2.1.1, 2.2.1.2): an X.224 connection request with a cookie or a negotiation, and its confirm. */
import { at } from './bytes.ts'
import { be16, has, is, literal, NO, truth, within, YES, zeros } from './read.ts'

const connectionRequest: i32 = 0xe0
const connectionConfirm: i32 = 0xd0
const negotiationRequest: i32 = 1
const negotiationResponse: i32 = 2
const negotiationFailure: i32 = 3
/** TPKT 4, X.224 7: without cookie and negotiation (RDP 4 and 5) there is no more. */
const bareBytes: i32 = 11
const maxBytes: i32 = 512

/** TPKT version 3 and length; X.224 length (some clients get it wrong: not checked), code, references, class 0. */
function header(code: i32): i32 {
  const start =
    is(0, 3) & is(1, 0) & within(2, 0, maxBytes >> 8) & is(5, code) & zeros(6, 8) & is(10, 0) & has(bareBytes)
  return start !== YES ? start : truth(be16(2) >= bareBytes)
}

/** The bare form is indistinguishable from other users of X.224 (S7, H.323) but for its zero references. */
export function rdpClient(): i32 {
  const start = header(connectionRequest)
  if (start !== YES) return start
  if (be16(2) === bareBytes) return is(4, 6) & zeros(8, 10)
  return literal(11, 'Cookie: mstshash=') | literal(11, 'Cookie: msts=') | negotiation(negotiationRequest)
}

/** Type, flags, length 8, protocols 4 (little endian, five bits in use). */
function negotiation(type: i32): i32 {
  return is(11, type) & within(12, 0, 0x1f) & is(13, 8) & is(14, 0) & within(15, 0, 0x1f) & zeros(16, 19)
}

export function rdpServer(): i32 {
  const start = header(connectionConfirm)
  if (start !== YES) return start
  if (be16(2) === bareBytes) return is(4, 6) & (at(8) === 0 ? NO : YES)
  return negotiation(negotiationResponse) | negotiation(negotiationFailure)
}
