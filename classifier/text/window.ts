/**
 * The part of a stream that is still needed, in one piece of memory that is used again and again: neither a chunk is held, nor
 * memory asked for with each one. What is done with stays where it is until its room is needed.
 */
const nothing: Buffer = Buffer.alloc(0)

export class Window {
  #memory = nothing
  #start = 0
  #end = 0
  #text = nothing

  /** What is there; its bytes are good until the next `append`. */
  get text(): Buffer {
    return this.#text
  }

  /** A copy of the chunk behind what is there. */
  append(chunk: Buffer): void {
    if (this.#end + chunk.length > this.#memory.length) this.#makeRoom(chunk.length)
    chunk.copy(this.#memory, this.#end)
    this.#end += chunk.length
    this.#text = this.#memory.subarray(this.#start, this.#end)
  }

  /** The first `count` bytes are needed no more. */
  forget(count: number): void {
    if (count === 0) return
    this.#start += count
    this.#text = this.#start === this.#end ? nothing : this.#memory.subarray(this.#start, this.#end)
  }

  /** Twice what is needed: each byte is moved so rarely that it does not matter. */
  #makeRoom(more: number): void {
    const needed = this.#text.length + more
    const memory = 2 * needed > this.#memory.length ? Buffer.allocUnsafe(2 * needed) : this.#memory
    this.#text.copy(memory)
    this.#memory = memory
    this.#start = 0
    this.#end = needed - more
  }
}
