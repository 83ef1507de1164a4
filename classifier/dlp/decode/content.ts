/** Content-Encoding of a whole body: gzip, deflate, br, one or several, with caps on size and ratio. */
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { maxInflatedBytes, maxInflatedRatio } from '../limits.ts'

export type Inflated =
  | { readonly ok: true; readonly body: Buffer }
  /** Which coding failed, and why; the body is to be scanned as it came and the scan marked partial. */
  | { readonly ok: false; readonly problem: string }

type Decoder = (body: Buffer, maxOutputLength: number) => Buffer

/** What is cut off is scanned as far as it goes. */
const flush = { finishFlush: constants.Z_SYNC_FLUSH }
const inflate: Decoder = (body, maxOutputLength) =>
  (body[0]! & 0x0f) === 8
    ? inflateSync(body, { maxOutputLength, ...flush })
    : inflateRawSync(body, { maxOutputLength, ...flush })
const gunzip: Decoder = (body, maxOutputLength) => gunzipSync(body, { maxOutputLength, ...flush })

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  // RFC 9110 means zlib; some senders leave its header away.
  deflate: inflate,
  br: (body, maxOutputLength) =>
    brotliDecompressSync(body, { maxOutputLength, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  identity: (body) => body,
}

/** @param encoding the value of Content-Encoding: the last one named was applied last */
export function inflateContent(body: Buffer, encoding: string): Inflated {
  const names = encoding
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => name !== '')
  const limit = Math.min(maxInflatedBytes, Math.max(1, body.length) * maxInflatedRatio)
  let decoded = body
  for (const name of names.reverse()) {
    const decoder = decoders[name]
    if (!decoder) return { ok: false, problem: `content coding ${name} is not known` }
    try {
      decoded = decoder(decoded, limit)
    } catch (error) {
      return { ok: false, problem: `content coding ${name}: ${(error as Error).message}` }
    }
  }
  return { ok: true, body: decoded }
}

/** By its first bytes (RFC 1952), for whoever has no headers. */
export const isGzip = (body: Buffer): boolean => body[0] === 0x1f && body[1] === 0x8b && body[2] === 8
