/** Bytes put one behind the other in one piece of memory, so that a body that comes in crumbs costs what it holds. */

const smallest = 1_024

/** Append only: `bytes` stays as it is while more is added, so a prefix may be handed out. */
export class Collected {
  #buffer: Buffer = Buffer.alloc(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Copies: the piece may be reused by whoever gave it. */
  add(piece: Uint8Array): void {
    const needed = this.#length + piece.length
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2, smallest))
      larger.set(this.bytes)
      this.#buffer = larger
    }
    this.#buffer.set(piece, this.#length)
    this.#length = needed
  }
}
