/** What leaves on a socket: the frames of one turn of the loop in one write, and never more than the socket can hold. */
import type { Duplex } from 'node:stream'
import { maxSocketBytes, socketHighWater } from './limits.ts'

/** Copying pieces together is cheaper than handing them over one by one, up to this many bytes. */
const copyBelow = 8_192

export class Writer {
  readonly #socket: Duplex
  readonly #onRoom: () => void
  #pieces: Buffer[] = []
  #bytes = 0
  #scheduled = false
  #closed = false

  /** @param onRoom there is room again after there was none */
  constructor(socket: Duplex, onRoom: () => void) {
    this.#socket = socket
    this.#onRoom = onRoom
    socket.on('drain', () => {
      if (!this.#closed) this.#onRoom()
    })
  }

  /** Bytes of DATA that may be written now. Control frames go regardless. */
  room(): number {
    return socketHighWater - this.#socket.writableLength - this.#bytes
  }

  write(bytes: Buffer): void {
    if (this.#closed) return
    this.#pieces.push(bytes)
    this.#bytes += bytes.length
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.flush())
  }

  /** Writes what is there now instead of at the end of this turn. */
  flush(): void {
    this.#scheduled = false
    if (this.#pieces.length === 0 || this.#closed) return
    const pieces = this.#pieces
    const bytes = this.#bytes
    this.#pieces = []
    this.#bytes = 0
    if (bytes < copyBelow) this.#socket.write(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes))
    else this.#writeEach(pieces)
    if (this.#socket.writableLength > maxSocketBytes) this.#socket.destroy()
  }

  #writeEach(pieces: readonly Buffer[]): void {
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
  }

  /** What was written goes out, then the connection ends. */
  end(): void {
    this.flush()
    this.#closed = true
    this.#socket.end()
  }

  close(): void {
    this.#closed = true
    this.#pieces = []
  }
}
