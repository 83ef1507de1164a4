/** RFB (RFC 6143 section 7.1.1), the protocol of VNC: both sides open with `RFB 003.008` and a newline, the server first. */
import { is, literal, within } from './read.ts'

function digits(from: i32): i32 {
  return within(from, 48, 57) & within(from + 1, 48, 57) & within(from + 2, 48, 57)
}

function version(): i32 {
  return literal(0, 'RFB ') & digits(4) & is(7, 46) & digits(8) & is(11, 10)
}

export function vncServer(): i32 {
  return version()
}

export function vncClient(): i32 {
  return version()
}
