/**
 * Masking in place, byte for byte: digits become 0, letters and @ X, whatever holds the text together stays (separators, quotes,
 * the escapes of JSON and URLs). A masked JSON number is still a number and base64 still decodes. Equal length always.
 */
import { type Caps, decodeContent } from '../content/decoder.ts'
import { isDigit, isLetter } from './bytes.ts'
import type { Parsed } from './model.ts'

/** In bytes of the decoded body. */
export type Span = { readonly offset: number; readonly length: number }

/** The order in which to overwrite: where spans overlap, what comes out does not depend on which was found first. */
export const inBody = (a: Span, b: Span): number => a.offset - b.offset || a.length - b.length

/** Overwrites the spans in `body`, which begins at `base` of the stream; what lies outside of it is left alone. */
export function mask(body: Buffer, spans: readonly Span[], base = 0): void {
  for (const { offset, length } of spans) {
    const start = Math.max(0, offset - base)
    maskSpan(body, start, Math.min(body.length, offset + length - base))
  }
}

/**
 * A whole body with its `DlpVerdict.masks` overwritten. It is no longer coded: `content-encoding` is to be removed, and
 * `content-length` may be another. Refused where it can not be decoded to its end.
 */
export function maskBody(body: Buffer, contentEncoding: string, spans: readonly Span[], caps: Caps): Parsed<Buffer> {
  const { body: decoded, problem } = decodeContent(body, contentEncoding, caps)
  if (problem !== undefined) return { ok: false, problems: [{ path: 'body', message: problem }] }
  const masked = Buffer.from(decoded)
  mask(masked, spans)
  return { ok: true, value: masked }
}

const escapes = /^(?:%[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\.)/s

function maskSpan(body: Buffer, from: number, to: number): void {
  for (let i = from; i < to; ) {
    const found =
      body[i] === 0x25 || body[i] === 0x5c ? escapes.exec(body.toString('latin1', i, Math.min(to, i + 6))) : null
    if (found) i += maskEscape(body, i, found[0])
    else {
      body[i] = masked(body[i]!)
      i++
    }
  }
}

/** `%34` → `%30`, `\u0034` → `\u0030`; `\n` and `\"` stay. */
function maskEscape(body: Buffer, at: number, text: string): number {
  const digits = text.startsWith('%') ? 1 : 2
  if (text.length > 2) body.write('30'.padStart(text.length - digits, '0'), at + digits, 'latin1')
  return text.length
}

function masked(byte: number): number {
  if (isDigit(byte)) return 0x30
  return isLetter(byte) || byte === 0x40 || byte > 0x7f ? 0x58 : byte
}
