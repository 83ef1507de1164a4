/** TLS 1.0 - 1.3 and SSLv3 (RFC 8446, RFC 5246): ClientHello, ServerHello or an alert; and the name asked for (RFC 6066). */
import { at, size } from './bytes.ts'
import { be16, be24, has, is, MORE, NO, truth, within, YES } from './read.ts'

const recordHandshake: i32 = 0x16
const recordAlert: i32 = 0x15
const clientHello: i32 = 1
const serverHello: i32 = 2
const maxRecordBytes: i32 = 16384
/** Version 2, random 32, session id 1, a cipher suite 4, a compression method 2. */
const minHelloBytes: i32 = 41
const extensionServerName: i32 = 0

/** Record header, handshake header and version of a hello of this type. */
function hello(type: i32): i32 {
  const header = is(0, recordHandshake) & is(1, 3) & within(2, 0, 4)
  if (header !== YES) return header
  const record = be16(3)
  if (record < 0) return MORE
  if (record < 4 || record > maxRecordBytes) return NO
  const handshake = is(5, type) & within(6, 0, 0) & has(11)
  if (handshake !== YES) return handshake
  return truth(be24(6) >= minHelloBytes - 3) & is(9, 3) & within(10, 0, 4)
}

/** The index after the cipher suites and compression methods, where extensions begin; 0 where the hello is not legal. */
function extensionsAt(): i32 {
  const ciphers: i32 = 44 + at(43)
  const cipherBytes = be16(ciphers)
  if (at(43) > 32 || cipherBytes < 2 || (cipherBytes & 1) !== 0) return 0
  const compression: i32 = ciphers + 2 + cipherBytes
  const methods = at(compression)
  return methods < 1 ? 0 : compression + 1 + methods
}

/** A ClientHello. Its server cannot answer before all of it is there, so waiting for the record costs nothing. */
export function tlsClient(end: bool): i32 {
  const answer = hello(clientHello)
  if (answer !== YES) return answer
  if (at(43) > 32) return NO
  return end || size() >= 5 + be16(3) ? YES : MORE
}

/** A ServerHello, or a fatal or warning alert. */
export function tlsServer(): i32 {
  const alert =
    is(0, recordAlert) & is(1, 3) & within(2, 0, 4) & is(3, 0) & is(4, 2) & within(5, 1, 2) & within(6, 0, 120)
  return hello(serverHello) | alert
}

/** SSLv2-format ClientHello of a client that offers SSLv3 or TLS (RFC 5246 appendix E.2). */
export function tlsClientV2(): i32 {
  const header = is(0, 0x80) & is(2, 1) & is(3, 3) & within(4, 0, 3) & has(11)
  if (header !== YES) return header
  const ciphers = be16(5)
  const session = be16(7)
  const challenge = be16(9)
  return truth(ciphers >= 3 && session <= 32 && challenge >= 16 && 9 + ciphers + session + challenge === at(1))
}

/**
 * Whole records of any kind, one after the other: a connection whose beginning was not seen. Not for the sniffer, which
 * sees every connection begin.
 */
export function tlsRecords(): bool {
  let i: i32 = 0
  let whole: i32 = 0
  while (at(i) >= 0) {
    const head = within(i, 0x14, 0x17) & is(i + 1, 3) & within(i + 2, 0, 3) & within(i + 3, 0, 0x48)
    if (head !== YES) return head === MORE && whole > 0
    i += 5 + be16(i + 3)
    if (i <= size()) whole++
  }
  return whole > 0
}

/** Where the server name stands in a ClientHello that is wholly in the window; 0 where there is none. Its length: two bytes before. */
export function serverNameAt(): i32 {
  if (hello(clientHello) !== YES) return 0
  const extensions = extensionsAt()
  if (extensions === 0) return 0
  const last: i32 = extensions + 2 + be16(extensions)
  let i: i32 = extensions + 2
  while (i + 4 <= last && be16(i + 2) >= 0) {
    if (be16(i) === extensionServerName) return nameAt(i + 4)
    i += 4 + be16(i + 2)
  }
  return 0
}

/** List length 2, name type 1 (0: a host name), name length 2, name. */
function nameAt(list: i32): i32 {
  const name: i32 = list + 5
  const length = be16(list + 3)
  if (at(list + 2) !== 0 || length < 1 || length > 255 || name + length > size()) return 0
  return name
}
