/** Pairs of hexadecimal digits; anything else gives nothing. */
export const hexDecode = (value: string): string =>
  value.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(value) ? Buffer.from(value, 'hex').toString('latin1') : ''
