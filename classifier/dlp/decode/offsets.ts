/** The way from a decoded stream back to the original: pieces in which one decoded byte is `scale` original ones. */

const fields = 3

export class Offsets {
  /** Where pieces begin, decoded and in the original, and their scale: one behind the other, those from `#first` on. */
  #pieces = Float64Array.of(0, 0, 1)
  #first = 0
  #count = 1

  /** From the decoded offset `out` on (never before the last one). */
  add(out: number, original: number, scale = 1): void {
    const last = (this.#first + this.#count - 1) * fields
    const [lastOut, lastIn, lastScale] = [this.#pieces[last]!, this.#pieces[last + 1]!, this.#pieces[last + 2]!]
    if (lastScale === scale && lastIn + (out - lastOut) * scale === original) return
    if (lastOut === out) this.#count--
    if ((this.#first + this.#count) * fields === this.#pieces.length) this.#makeRoom()
    const at = (this.#first + this.#count) * fields
    this.#pieces[at] = out
    this.#pieces[at + 1] = original
    this.#pieces[at + 2] = scale
    this.#count++
  }

  /** Where the byte at `out` begins in the original. */
  start(out: number): number {
    const piece = this.#at(out)
    return this.#pieces[piece + 1]! + Math.floor((out - this.#pieces[piece]!) * this.#pieces[piece + 2]!)
  }

  /** Where the original goes on after the byte before `out`. */
  end(out: number): number {
    const piece = this.#at(out)
    return this.#pieces[piece + 1]! + Math.ceil((out - this.#pieces[piece]!) * this.#pieces[piece + 2]!)
  }

  /** What lies before `out` is asked for no more. */
  forget(out: number): void {
    const keep = this.#at(out) / fields
    this.#count -= keep - this.#first
    this.#first = keep
  }

  /** Twice what is in use: each piece is moved so rarely that it does not matter. */
  #makeRoom(): void {
    const used = this.#pieces.subarray(this.#first * fields, (this.#first + this.#count) * fields)
    const pieces =
      2 * used.length + fields > this.#pieces.length ? new Float64Array(4 * used.length + fields) : this.#pieces
    pieces.set(used)
    this.#pieces = pieces
    this.#first = 0
  }

  /** Place of the last piece that begins at `out` or before it; else of the first. */
  #at(out: number): number {
    let low = this.#first
    let high = this.#first + this.#count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#pieces[middle * fields]! <= out) low = middle + 1
      else high = middle
    }
    return Math.max(this.#first, low - 1) * fields
  }
}
