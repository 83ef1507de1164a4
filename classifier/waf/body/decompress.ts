/** Content-Encoding of a whole body, with caps on size and ratio. */
import { decodeContent } from '../../content/decoder.ts'
import { maxDecodedBytes, maxDecodedRatio } from './limits.ts'

export type Decoded =
  | { readonly ok: true; readonly body: string }
  /** What is wrong; the body stays as it came. */
  | { readonly ok: false; readonly problem: string }

/** `encoding` is the value of Content-Encoding: the last one named was applied last. */
export function decompress(body: string, encoding: string): Decoded {
  const caps = { maxBytes: maxDecodedBytes, maxRatio: maxDecodedRatio }
  const decoded = decodeContent(Buffer.from(body, 'latin1'), encoding, caps)
  if (decoded.problem !== undefined) return { ok: false, problem: decoded.problem }
  return { ok: true, body: decoded.body.toString('latin1') }
}
