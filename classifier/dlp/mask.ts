/**
 * Masking in place, byte for byte: digits become 0, letters and @ X, whatever holds the text together stays (separators, quotes,
 * the escapes of JSON and URLs). A masked JSON number is still a number and base64 still decodes. Equal length always.
 */
import { isDigit, isLetter } from './bytes.ts'

type Span = { readonly offset: number; readonly length: number }

/** Overwrites the spans in `body`, which begins at `base` of the stream; what lies outside of it is left alone. */
export function mask(body: Buffer, spans: readonly Span[], base = 0): void {
  for (const { offset, length } of spans) {
    const start = Math.max(0, offset - base)
    maskSpan(body, start, Math.min(body.length, offset + length - base))
  }
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
