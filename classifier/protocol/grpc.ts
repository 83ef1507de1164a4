/**
 * gRPC inside HTTP/2: its content type in the first request, plain or in HPACK's Huffman code (RFC 7541 appendix B). Node
 * only: a gRPC client may send its request only after the server's SETTINGS, so the sniffer, which holds the client's bytes,
 * says `http2`, and the HTTP filters behind it tell the rest.
 */
import { size } from './bytes.ts'
import { literal, YES } from './read.ts'

const plain = 'application/grpc'
/** The first 80 bits of the same text in Huffman code; the 86 bits of all of it do not end on a byte. */
const huffman = '\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x4d\x65'

/** Does the window, which begins with an HTTP/2 preface or SETTINGS, hold the content type? */
export function mentionsGrpc(): bool {
  for (let i: i32 = 0; i < size(); i++) {
    if ((literal(i, plain) | literal(i, huffman)) === YES) return true
  }
  return false
}
