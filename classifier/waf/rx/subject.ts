/**
 * The bytes of the text that is being looked at: many patterns read the same text one after the other, and an array of
 * bytes is read several times faster than a string. One for the thread; nothing waits while it is in use.
 */
let bytes = Buffer.alloc(16 * 1024)
let copied = ''

/** Valid until the next call. What is behind the text's length means nothing. */
export function bytesOfText(text: string): Uint8Array {
  if (text === copied) return bytes
  if (text.length > bytes.length) bytes = Buffer.alloc(2 * text.length)
  if (text.length > shortest) bytes.write(text, 'latin1')
  else for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  copied = text
  return bytes
}

/** From here on a native copy is worth its call. */
const shortest = 200
