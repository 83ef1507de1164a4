/** HTTP/2 without TLS (RFC 9113 section 3.4): the client's preface; the server's is a SETTINGS frame. gRPC is inside. */
import { be24, is, literal, truth, within, YES, zeros } from './read.ts'

const frameSettings: i32 = 4
/** Each setting is 6 bytes; 32 of them are more than any server has to say. */
const maxSettingsBytes: i32 = 6 * 32

function wholeSettings(bytes: i32): bool {
  for (let n: i32 = 0; n <= maxSettingsBytes; n += 6) if (n === bytes) return true
  return false
}

export function http2Client(): i32 {
  return literal(0, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
}

/** An empty stream id, no ACK, and a first setting that RFC 9113 or RFC 8441 knows. */
export function http2Server(): i32 {
  const start = is(0, 0) & is(1, 0) & within(2, 0, maxSettingsBytes) & is(3, frameSettings) & zeros(4, 9)
  if (start !== YES) return start
  const frame = truth(wholeSettings(be24(0)))
  return be24(0) === 0 ? frame : frame & is(9, 0) & within(10, 1, 9)
}
