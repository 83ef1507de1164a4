/** `0x414243` → `ABC`, as SQL reads it. */
export const sqlHexDecode = (value: string): string =>
  value.replace(/0[xX]((?:[0-9a-fA-F]{2})+)/g, (_, digits: string) => Buffer.from(digits, 'hex').toString('latin1'))
