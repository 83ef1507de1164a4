/** Content-Encoding: gzip, deflate, br, one or several, with caps on size and ratio. */
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { maxDecodedBytes, maxDecodedRatio } from './limits.ts'

export type Decoded =
  | { readonly ok: true; readonly body: string }
  /** What is wrong; the body stays as it came. */
  | { readonly ok: false; readonly problem: string }

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  /** RFC 9110 means zlib; some senders leave its header away. */
  deflate: (bytes, options) =>
    (bytes[0]! & 0x0f) === 8 ? inflateSync(bytes, options) : inflateRawSync(bytes, options),
  br: brotliDecompressSync,
  identity: (bytes) => bytes,
}

/** `encoding` is the value of Content-Encoding: the last one named was applied last. */
export function decompress(body: string, encoding: string): Decoded {
  const names = encoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  let bytes = Buffer.from(body, 'latin1')
  const maxOutputLength = Math.min(maxDecodedBytes, Math.max(1, bytes.length) * maxDecodedRatio)
  for (const name of names.reverse()) {
    const decoder = decoders[name]
    if (!decoder) return { ok: false, problem: `content encoding ${name} is not known` }
    try {
      bytes = Buffer.from(decoder(bytes, { maxOutputLength }))
    } catch (error) {
      return { ok: false, problem: `content encoding ${name}: ${(error as Error).message}` }
    }
  }
  return { ok: true, body: bytes.toString('latin1') }
}
