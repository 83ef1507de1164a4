/** Header blocks out of HEADERS and CONTINUATION frames, between which nothing else may come (RFC 9113 6.10). */
import { errorCode, fail, flag, frameHeaderBytes, frameType, unpadded } from './frames.ts'
import { type Field, HeaderDecoder } from './hpack.ts'
import { maxHeaderBlockBytes } from './limits.ts'

type Block = { readonly stream: number; readonly end: boolean; readonly pieces: Buffer[]; bytes: number }
/** Of the priority that HEADERS may begin with. */
const priorityBytes = 5

export class HeaderBlocks {
  readonly #decoder = new HeaderDecoder()
  readonly #onBlock: (stream: number, fields: readonly Field[], end: boolean) => void
  #block: Block | undefined

  /** @param onBlock `end`: the stream's last */
  constructor(onBlock: (stream: number, fields: readonly Field[], end: boolean) => void) {
    this.#onBlock = onBlock
  }

  /** The peer has acknowledged our settings. */
  settled(): void {
    this.#decoder.settled()
  }

  mayComeNext(type: number, stream: number): boolean {
    return this.#block === undefined || (type === frameType.continuation && stream === this.#block.stream)
  }

  /** HEADERS. @throws ConnectionError */
  begin(flags: number, stream: number, payload: Buffer): void {
    if (stream % 2 === 0) fail(errorCode.protocol, 'HEADERS of no client’s stream')
    let content = unpadded(flags, payload)
    if ((flags & flag.priority) !== 0) {
      if (content.length < priorityBytes) fail(errorCode.frameSize, 'HEADERS')
      content = content.subarray(priorityBytes)
    }
    this.#block = { stream, end: (flags & flag.endStream) !== 0, pieces: [], bytes: 0 }
    this.go(flags, content)
  }

  /** CONTINUATION. @throws ConnectionError */
  go(flags: number, payload: Buffer): void {
    const block = this.#block ?? fail(errorCode.protocol, 'CONTINUATION of nothing')
    block.pieces.push(payload)
    block.bytes += payload.length + frameHeaderBytes // empty ones count, too
    if (block.bytes > maxHeaderBlockBytes) fail(errorCode.enhanceYourCalm, 'a header block too large')
    if ((flags & flag.endHeaders) === 0) return
    this.#block = undefined
    const whole = block.pieces.length === 1 ? block.pieces[0]! : Buffer.concat(block.pieces)
    const fields = this.#decoder.decode(whole) ?? fail(errorCode.compression, 'header block')
    this.#onBlock(block.stream, fields, block.end)
  }
}
