/** Bytes from a connection, as text, in bounded memory. */

export class AnswerTooLarge extends Error {
  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes`)
  }
}

/** All of it. @throws AnswerTooLarge */
export async function textOf(chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const kept: Buffer[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new AnswerTooLarge(maxBytes)
    kept.push(chunk)
  }
  return Buffer.concat(kept, bytes).toString('utf8')
}

const newline = 0x0a

/** Each line, without its end; what follows the last newline is no line: it was cut off. @throws AnswerTooLarge for one line */
export async function* linesOf(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string> {
  let held: Buffer[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      held.push(chunk.subarray(from, end))
      yield Buffer.concat(held).toString('utf8')
      held = []
      bytes = 0
      from = end + 1
    }
    bytes += chunk.length - from
    if (bytes > maxBytes) throw new AnswerTooLarge(maxBytes)
    if (from < chunk.length) held.push(chunk.subarray(from))
  }
}
