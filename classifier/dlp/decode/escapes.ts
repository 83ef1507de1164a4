/**
 * Percent-encoding (RFC 3986) and the escapes of JSON and JavaScript strings: `%34`, `\u0034`, `\x34`, `\n`, `\/`. In one
 * level. In forms `+` is a space. Characters beyond ASCII become UTF-8. Chunks without an escape pass through uncopied.
 */
import { Offsets } from './offsets.ts'
import type { Stage } from './stage.ts'

const percent = 0x25
const backslash = 0x5c
const plus = 0x2b
const nothing: Buffer = Buffer.alloc(0)
/** `\u0034` without its last character. */
const longestPrefix = 5

const hexValue = Int8Array.from({ length: 256 }, (_, b) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(b).toLowerCase())
  return value
})
/** What follows the backslash → the byte meant. */
const simple = new Map([...'nrtbf"\'\\/'].map((c, i) => [c.charCodeAt(0), [10, 13, 9, 8, 12, 34, 39, 92, 47][i]!]))

type Escape = { readonly length: number; readonly code: number }
const cut = 'cut'

/** The escape at `i`; `cut`: more bytes are needed to tell; undefined: none. */
function escapeAt(text: Buffer, i: number): Escape | typeof cut | undefined {
  if (text[i] === percent) return hexEscape(text, i, 1, 2)
  if (i + 1 >= text.length) return cut
  const kind = text[i + 1]!
  if (kind === 0x75) return hexEscape(text, i, 2, 4)
  if (kind === 0x78) return hexEscape(text, i, 2, 2)
  const code = simple.get(kind)
  return code === undefined ? undefined : { length: 2, code }
}

function hexEscape(text: Buffer, i: number, skip: number, digits: number): Escape | typeof cut | undefined {
  let code = 0
  for (let k = i + skip; k < i + skip + digits; k++) {
    if (k >= text.length) return cut
    const value = hexValue[text[k]!]!
    if (value < 0) return undefined
    code = code * 16 + value
  }
  return { length: skip + digits, code }
}

/** @param form application/x-www-form-urlencoded, or a query */
export function escapes(form: boolean): Stage {
  const offsets = new Offsets()
  let carry = nothing
  /** Offsets of the next byte out and in. */
  let out = 0
  let taken = 0

  function decode(text: Buffer, final: boolean): Buffer {
    const made = Buffer.allocUnsafe(text.length)
    let size = 0
    let i = 0
    while (i < text.length) {
      const byte = text[i]!
      if (byte !== percent && byte !== backslash) {
        made[size++] = byte
        i++
        continue
      }
      const found = escapeAt(text, i)
      if (found === cut && !final && text.length - i <= longestPrefix) break
      if (found === undefined || found === cut) {
        made[size++] = byte
        i++
        continue
      }
      size += write(made, size, found, byte === percent)
      i += found.length
      offsets.add(out + size, taken + i)
    }
    carry = i === text.length ? nothing : Buffer.from(text.subarray(i))
    taken += i
    out += size
    return made.subarray(0, size)
  }

  return {
    push(input) {
      const chunk = form && input.includes(plus) ? spaced(input) : input
      const plain = carry.length === 0 && !chunk.includes(percent) && !chunk.includes(backslash)
      if (!plain) return decode(carry.length === 0 ? chunk : Buffer.concat([carry, chunk]), false)
      out += chunk.length
      taken += chunk.length
      return chunk
    },
    finish: () => (carry.length === 0 ? nothing : decode(carry, true)),
    start: (at) => offsets.start(at),
    end: (at) => offsets.end(at),
    forget: (at) => offsets.forget(at),
  }
}

const spaced = (text: Buffer): Buffer => Buffer.from(text.map((byte) => (byte === plus ? 0x20 : byte)))

/** A percent escape is a byte, the others a UTF-16 code unit. Never longer than the escape itself. */
function write(made: Buffer, at: number, { code }: Escape, isByte: boolean): number {
  if (isByte || code < 0x80) {
    made[at] = code
    return 1
  }
  if (code < 0x800) {
    made[at] = 0xc0 | (code >> 6)
    made[at + 1] = 0x80 | (code & 63)
    return 2
  }
  made[at] = 0xe0 | (code >> 12)
  made[at + 1] = 0x80 | ((code >> 6) & 63)
  made[at + 2] = 0x80 | (code & 63)
  return 3
}
