/**
 * The part of a stream that is still needed, in one piece of memory that is used again and again: neither a chunk is held, nor
 * memory asked for with each one.
 */
const nothing: Buffer = Buffer.alloc(0)

export class Window {
  #memory = nothing
  #text = nothing

  /** What is there; good until the next `append` or `forget`. */
  get text(): Buffer {
    return this.#text
  }

  /** A copy of the chunk behind what is there. */
  append(chunk: Buffer): void {
    const size = this.#text.length
    const needed = size + chunk.length
    if (needed > this.#memory.length) {
      const memory = Buffer.allocUnsafe(Math.max(needed, 2 * this.#memory.length))
      this.#text.copy(memory)
      this.#memory = memory
    }
    chunk.copy(this.#memory, size)
    this.#text = this.#memory.subarray(0, needed)
  }

  /** The first `count` bytes are needed no more. */
  forget(count: number): void {
    this.#memory.copyWithin(0, count, this.#text.length)
    this.#text = this.#memory.subarray(0, this.#text.length - count)
  }
}
