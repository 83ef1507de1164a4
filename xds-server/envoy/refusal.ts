/**
 * What an Envoy says of a resource it refused, for people. Envoy quotes the whole resource in protobuf's debug form
 * (`goo.gle/debug…`, thousands of characters), before or after the reason: only the reason is kept.
 */

/** A status and an event carry it; past it the rest is left out. */
export const maxReasonLength = 500

const quoted = /goo\.gle\/debug/

export function reasonOf(message: string): string {
  const at = message.search(quoted)
  return cut(at < 0 ? message : `${message.slice(0, at)} ${behindQuote(message.slice(at))}`)
}

/** The quote is the text form of a message: what follows it stands at the start of a line, behind `: `. */
function behindQuote(text: string): string {
  const end = text.lastIndexOf('\n: ')
  return end < 0 ? '' : text.slice(end + 3)
}

function cut(text: string): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/[:\s]+$/, '')
    .trim()
  return line.length > maxReasonLength ? `${line.slice(0, maxReasonLength)}…` : line
}
