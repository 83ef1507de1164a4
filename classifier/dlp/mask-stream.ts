/**
 * A body that is masked while it passes. It promises that no byte leaves before everything that could begin at it has been
 * judged, that what leaves is as long as what came (decoded) and the same wherever it was cut, and that nothing but the
 * findings is changed. It holds back what the detectors see before and behind: 4,608 bytes of text, six times that where
 * all of it is escapes.
 */
import type { ContentDecoder } from '../content/decoder.ts'
import { inBody, mask, type Span } from './mask.ts'
import type { Program } from './program.ts'
import { DlpStream, type Hit } from './stream.ts'

export type MaskOptions = {
  readonly program: Program
  readonly form: boolean
  /** What leaves is decoded: `content-encoding` has to go. */
  readonly decoder: ContentDecoder
  /** Indices of the detectors whose findings are overwritten. */
  readonly masking: ReadonlySet<number>
  /** Told of every finding, masked or not, with its offset in the decoded body. */
  readonly add: (hit: Hit) => void
}

const nothing: Buffer = Buffer.alloc(0)

export class MaskStream {
  readonly #options: MaskOptions
  #stream: DlpStream
  /** The decoded bytes that have not left, and their offset in the body. */
  #held = nothing
  #left = 0
  /** Where the stream began: its offsets begin at 0 again after each `flush`. */
  #base = 0
  #spans: Span[] = []

  constructor(options: MaskOptions) {
    this.#options = options
    this.#stream = this.#newStream()
  }

  /** Why what left is not all there is, or was not decoded: known as soon as it is so. */
  get problem(): string | undefined {
    return this.#options.decoder.problem
  }

  /** What may leave by now. */
  push(chunk: Buffer): Buffer {
    const bytes = this.#options.decoder.push(chunk)
    this.#held = this.#held.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes])
    this.#stream.push(bytes)
    return this.#release(this.#base + this.#stream.settled)
  }

  /**
   * Everything that came leaves, judged as if the body ended here: for the end of an event. A value that goes on in the next
   * one is not found.
   */
  flush(): Buffer {
    const rest = this.#end()
    this.#base = this.#left
    this.#stream = this.#newStream()
    return rest
  }

  /** The rest. The stream is of no use afterwards. */
  finish(): Buffer {
    this.#options.decoder.finish()
    return this.#end()
  }

  #end(): Buffer {
    this.#stream.finish()
    return this.#release(this.#left + this.#held.length)
  }

  #newStream(): DlpStream {
    const { program, form, masking, add } = this.#options
    const base = this.#base
    return new DlpStream(
      program,
      (hit) => {
        const placed = { ...hit, offset: base + hit.offset }
        add(placed)
        if (masking.has(hit.index)) this.#spans.push(placed)
      },
      form,
    )
  }

  #release(before: number): Buffer {
    const due = this.#spans.filter(({ offset }) => offset < before)
    mask(this.#held, due.sort(inBody), this.#left)
    this.#spans = this.#spans.filter(({ offset }) => offset >= before)
    const leaving = this.#held.subarray(0, before - this.#left)
    this.#held = this.#held.subarray(leaving.length)
    this.#left = before
    return leaving
  }
}
