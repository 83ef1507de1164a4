/** The way from a decoded stream back to the original: pieces in which one decoded byte is `scale` original ones. */

type Piece = { readonly out: number; readonly in: number; readonly scale: number }

export class Offsets {
  #pieces: Piece[] = [{ out: 0, in: 0, scale: 1 }]

  /** From the decoded offset `out` on (never before the last one). */
  add(out: number, original: number, scale = 1): void {
    const last = this.#pieces.at(-1)!
    if (last.scale === scale && last.in + (out - last.out) * scale === original) return
    if (last.out === out) this.#pieces.pop()
    this.#pieces.push({ out, in: original, scale })
  }

  /** Where the byte at `out` begins in the original. */
  start(out: number): number {
    const piece = this.#at(out)
    return piece.in + Math.floor((out - piece.out) * piece.scale)
  }

  /** Where the original goes on after the byte before `out`. */
  end(out: number): number {
    const piece = this.#at(out)
    return piece.in + Math.ceil((out - piece.out) * piece.scale)
  }

  /** What lies before `out` is asked for no more. */
  forget(out: number): void {
    const keep = this.#indexAt(out)
    if (keep > 0) this.#pieces = this.#pieces.slice(keep)
  }

  #at(out: number): Piece {
    return this.#pieces[Math.max(0, this.#indexAt(out))]!
  }

  #indexAt(out: number): number {
    let low = 0
    let high = this.#pieces.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#pieces[middle]!.out <= out) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
