/** C's `isspace` and the non-breaking space. */
export function removeWhitespace(value: string): string {
  if (!/[\t-\r \xa0]/.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  let kept = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte !== 0x20 && byte !== 0xa0 && (byte < 9 || byte > 13)) bytes[kept++] = byte
  }
  return bytes.toString('latin1', 0, kept)
}
