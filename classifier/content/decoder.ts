/**
 * Content-Encoding undone as the bytes come: gzip, deflate, br, one or several. It promises the same bytes wherever intact
 * data is cut, no more of them than the caps allow, and a `problem` whenever what came out is not all there is. What can
 * not be decoded comes out as it came in, so that whoever looks for something sees it at least so. It never throws.
 */
import { type Format, Inflater } from './inflater.ts'

export type Caps = {
  /** Decoded bytes; what is past them is dropped. What is not coded has no cap. */
  readonly maxBytes: number
  /** Decoded bytes for each byte that came, at any time (a bomb has 1,000 and more, text 3 to 20). */
  readonly maxRatio: number
}

/** More codings than this on one body are somebody's joke. */
const maxCodings = 4
/** The ratio is looked at once for so many bytes that came, counted from the start: wherever they are cut. */
const blockBytes = 1024
const nothing: Buffer = Buffer.alloc(0)

type Coding = { readonly name: string; readonly format: (first: number) => Format }
const codings: Readonly<Record<string, Coding['format']>> = {
  gzip: () => 'gzip',
  'x-gzip': () => 'gzip',
  // RFC 9110 means zlib; some senders leave its header away.
  deflate: (first) => ((first & 0x0f) === 8 ? 'zlib' : 'raw deflate'),
  br: () => 'brotli',
}

/** One coding of the body, from its first byte on. */
class Stage {
  readonly #coding: Coding
  #inflater: Inflater | undefined
  #made = 0

  constructor(coding: Coding) {
    this.#coding = coding
  }

  /** @param allowed bytes that may have come out until now */
  push(input: Buffer, allowed: number): Buffer {
    if (input.length === 0) return nothing
    this.#inflater ??= new Inflater(this.#coding.format(input[0]!))
    const { made, unread } = this.#inflater.push(input, allowed - this.#made + 1)
    this.#made += made.length
    if (this.#made > allowed) throw new TooLarge(made.subarray(0, made.length - 1))
    if (unread > 0 && input.subarray(-unread).some((byte) => byte !== 0)) throw new Error('bytes behind its end')
    return made
  }

  finish(): void {
    this.#inflater?.finish()
  }

  close(): void {
    this.#inflater?.close()
  }

  explain(error: unknown): string {
    return `content coding ${this.#coding.name}: ${(error as Error).message}`
  }
}

/** Not a fault of the data: what fits is good. */
class TooLarge extends Error {
  readonly fitting: Buffer

  constructor(fitting: Buffer) {
    super('too large')
    this.fitting = fitting
  }
}

export class ContentDecoder {
  readonly #caps: Caps
  /** The first one undoes what was done last. */
  readonly #stages: readonly Stage[]
  #mode: 'decoding' | 'as it is' | 'full' = 'decoding'
  #problem: string | undefined
  #taken = 0

  /** @param encoding the value of Content-Encoding: the last one named was applied last; '' is none */
  constructor(encoding: string, caps: Caps) {
    this.#caps = caps
    const names = encoding
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((name) => name !== '' && name !== 'identity')
    const unknown = names.find((name) => !Object.hasOwn(codings, name))
    if (unknown !== undefined) this.#give('as it is', `content coding ${JSON.stringify(unknown)} is not known`)
    else if (names.length > maxCodings) this.#give('as it is', `more than ${maxCodings} content codings`)
    const known = this.#problem === undefined ? names.reverse() : []
    this.#stages = known.map((name) => new Stage({ name, format: codings[name]! }))
    if (this.#stages.length === 0) this.#mode = 'as it is'
  }

  /** Why what came out is not all there is, or not decoded. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Bytes pushed so far. */
  get taken(): number {
    return this.#taken
  }

  push(chunk: Buffer): Buffer {
    if (this.#mode !== 'decoding') return this.#pass(chunk)
    const pieces: Buffer[] = []
    for (let i = 0; i < chunk.length; ) {
      const block = chunk.subarray(i, i + blockBytes - (this.#taken % blockBytes))
      pieces.push(this.#mode === 'decoding' ? this.#decode(block) : this.#pass(block))
      i += block.length
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  }

  /** No bytes come with the end; but `problem` may. Any number of times. */
  finish(): void {
    const open = this.#mode === 'decoding' ? this.#stages : []
    this.#mode = 'full'
    for (const stage of open) {
      try {
        stage.finish()
      } catch (error) {
        this.#problem ??= stage.explain(error)
      }
    }
    this.close()
  }

  /** Gives the decoders' memory back; the decoder is of no use afterwards. Any number of times. */
  close(): void {
    for (const stage of this.#stages) stage.close()
  }

  #pass(chunk: Buffer): Buffer {
    this.#taken += chunk.length
    return this.#mode === 'full' ? nothing : chunk
  }

  #decode(block: Buffer): Buffer {
    this.#taken += block.length
    const blockEnd = Math.ceil(this.#taken / blockBytes) * blockBytes
    const allowed = Math.min(this.#caps.maxBytes, blockEnd * this.#caps.maxRatio)
    let bytes = block
    for (const stage of this.#stages) {
      try {
        bytes = stage.push(bytes, allowed)
      } catch (error) {
        if (!(error instanceof TooLarge)) return this.#fail(stage.explain(error), block)
        this.#give('full', tooLarge(allowed, this.#caps))
        bytes = error.fitting
      }
    }
    return bytes
  }

  #fail(problem: string, block: Buffer): Buffer {
    this.#give('as it is', problem)
    return block
  }

  #give(mode: 'as it is' | 'full', problem: string): void {
    this.#mode = mode
    this.#problem = problem
  }
}

const tooLarge = (allowed: number, { maxBytes, maxRatio }: Caps): string =>
  allowed === maxBytes ? `more than ${maxBytes} bytes` : `more than ${maxRatio} times its own size`

/** A whole body at once. `problem`: see `ContentDecoder`. */
export function decodeContent(body: Buffer, encoding: string, caps: Caps): { body: Buffer; problem?: string } {
  const decoder = new ContentDecoder(encoding, caps)
  const decoded = decoder.push(body)
  decoder.finish()
  return decoder.problem === undefined ? { body: decoded } : { body: decoded, problem: decoder.problem }
}
