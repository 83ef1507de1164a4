/** Lists of places, one behind the other in one array: an object for each of a hundred thousand short lists takes more than they do. */
export type Places = Int32Array

export class PlaceLists {
  /** Another one after `add`. */
  all: Places = new Int32Array(64)
  size = 0

  /** Keeps the first `count`; answers where they begin. */
  add(places: Places, count: number): number {
    const from = this.size
    this.size += count
    if (this.size > this.all.length) {
      const larger = new Int32Array(Math.max(this.size, 2 * this.all.length))
      larger.set(this.all.subarray(0, from))
      this.all = larger
    }
    for (let at = 0; at < count; at++) this.all[from + at] = places[at]!
    return from
  }

  clear(): void {
    this.all = new Int32Array(64)
    this.size = 0
  }
}
