/**
 * One zlib or Brotli decoder that is fed and emptied synchronously, piece by piece: a worker has no use for Node's streams,
 * and its `…Sync` functions want the whole body. It drives the native handle below them (`_handle.writeSync`,
 * `_writeState`: what those functions themselves call, unchanged since Node 11) and throws at once where that is not there.
 */
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'

/** `write…` leaves what is left of output and input in the stream's `_writeState`. */
type Handle = {
  onerror: (message: string) => void
  writeSync(flush: number, from: Buffer, at: number, size: number, to: Buffer, toAt: number, toSize: number): void
}
type Native = { readonly _handle: Handle; readonly _writeState: Uint32Array; close(): void }

export type Format = 'gzip' | 'zlib' | 'raw deflate' | 'brotli'

const make: Readonly<Record<Format, () => unknown>> = {
  gzip: () => createGunzip(),
  zlib: () => createInflate(),
  'raw deflate': () => createInflateRaw(),
  brotli: () => createBrotliDecompress(),
}

const empty = Buffer.alloc(0)
/** Shared: what is in it is copied before anybody else writes. */
const output = Buffer.allocUnsafeSlow(64 * 1024)

export class Inflater {
  readonly #native: Native
  readonly #brotli: boolean
  #fault: string | undefined

  constructor(format: Format) {
    this.#brotli = format === 'brotli'
    this.#native = make[format]() as Native
    if (typeof this.#native._handle?.writeSync !== 'function' || !(this.#native._writeState instanceof Uint32Array))
      throw new Error(`Node ${process.version} decompresses in another way than this was written for`)
    this.#native._handle.onerror = (message) => {
      this.#fault = message
    }
  }

  /**
   * What `input` decodes to, at most `room` bytes of it, and how many of its own bytes stand behind the end of the data.
   * Throws where it is no data of this format; what this piece decoded to before the fault is lost.
   */
  push(input: Buffer, room: number): { readonly made: Buffer; readonly unread: number } {
    const pieces: Buffer[] = []
    let unread = input.length
    for (let left = room; ; ) {
      const size = Math.min(output.length, left)
      this.#write(this.#flush, input, input.length - unread, unread, size)
      const [spare, rest] = this.#native._writeState as unknown as readonly [number, number]
      pieces.push(Buffer.from(output.subarray(0, size - spare)))
      left -= size - spare
      unread = rest
      if (spare > 0 || left === 0) return { made: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces), unread }
    }
  }

  /** Throws where the data is not at its end. The decoder is of no use afterwards. */
  finish(): void {
    const { BROTLI_OPERATION_FINISH, Z_FINISH } = constants
    try {
      this.#write(this.#brotli ? BROTLI_OPERATION_FINISH : Z_FINISH, empty, 0, 0, output.length)
    } finally {
      this.close()
    }
  }

  /** Gives zlib's memory back: 40 KB to 16 MB that the garbage collector does not see. Any number of times. */
  close(): void {
    this.#native.close()
  }

  get #flush(): number {
    return this.#brotli ? constants.BROTLI_OPERATION_FLUSH : constants.Z_SYNC_FLUSH
  }

  #write(flush: number, input: Buffer, at: number, size: number, room: number): void {
    this.#native._handle.writeSync(flush, input, at, size, output, 0, room)
    if (this.#fault !== undefined) throw new Error(this.#fault)
  }
}
