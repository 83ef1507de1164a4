/** ModSecurity's reading of a 16-bit code: full-width ASCII (U+FF01-FF5E) is plain ASCII, else the lowest byte. */
export const lowestByte = (code: number): string =>
  String.fromCharCode(code >= 0xff01 && code <= 0xff5e ? code - 0xfee0 : code & 0xff)
