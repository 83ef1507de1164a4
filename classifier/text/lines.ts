/** A stream, line by line, in bounded memory: what every NDJSON command reads with. */

/** Each line; undefined for one that is longer than `maxCharacters`. */
export async function* linesOf(
  stream: AsyncIterable<string | Uint8Array>,
  maxCharacters: number,
): AsyncGenerator<string | undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  let tooLong = false
  for await (const chunk of stream) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    const whole = rest.split('\n')
    rest = whole.pop()!
    for (const line of whole) {
      yield tooLong || line.length > maxCharacters ? undefined : line
      tooLong = false
    }
    tooLong ||= rest.length > maxCharacters
    if (tooLong) rest = ''
  }
  if (tooLong || rest !== '') yield tooLong ? undefined : rest
}
