/** Whole inputs in memory, bounded. */

/** A capture of 256 MB is hours of traffic; a policy file is never a hundredth of it. Past it: an error. */
const maxInputBytes = 256 * 1024 * 1024

export async function collectBytes(
  stream: AsyncIterable<Uint8Array>,
  first: Uint8Array = Buffer.alloc(0),
): Promise<Buffer> {
  const chunks = [first]
  let size = first.length
  for await (const chunk of stream) {
    size += chunk.length
    if (size > maxInputBytes) throw new Error(`it is longer than ${maxInputBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
