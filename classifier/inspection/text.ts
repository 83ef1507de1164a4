/** Byte strings for people: what stands in events and verdicts is printable ASCII, and bounded. */

/** Bytes that are not printable ASCII as `\xhh`; cut with `…`. */
export function shown(bytes: string, max: number): string {
  const text = bytes
    .slice(0, max)
    .replace(/[^\x20-\x7e]/g, (c) => `\\x${(c.charCodeAt(0) & 255).toString(16).padStart(2, '0')}`)
  return text.length > max || bytes.length > max ? `${text.slice(0, max - 1)}…` : text
}

/** Text of a sensor (UTF-8) as it is in the bytes of a message. */
export const byteString = (text: string): string => Buffer.from(text).toString('latin1')
