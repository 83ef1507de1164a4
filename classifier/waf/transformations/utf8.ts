/** A code point as UTF-8 bytes; what is none (a surrogate, too big) is U+FFFD. */
export function utf8(code: number): string {
  if (code < 0x80) return String.fromCharCode(code)
  const valid = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return Buffer.from(String.fromCodePoint(valid ? code : 0xfffd), 'utf8').toString('latin1')
}
