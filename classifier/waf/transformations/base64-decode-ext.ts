/** Forgiving: what is not base64 is passed over, as browsers and PHP do. */
export const base64DecodeExt = (value: string): string => {
  const [body] = /^[^=]*/.exec(value.replace(/[^A-Za-z0-9+/=]+/g, ''))!
  return Buffer.from(body, 'base64').toString('latin1')
}
