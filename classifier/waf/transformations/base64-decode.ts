/** Decodes up to the first character that is not base64; line breaks are passed over. */
export const base64Decode = (value: string): string => {
  const [body] = /^[A-Za-z0-9+/]*/.exec(value.replace(/[\r\n]+/g, ''))!
  return Buffer.from(body, 'base64').toString('latin1')
}
