/** A token bucket: `burst` at once, then so many each second. */
export class Budget {
  readonly #burst: number
  readonly #perMs: number
  readonly #now: () => number
  #left: number
  #at: number

  /** @param now milliseconds, monotonic */
  constructor({ burst, perSecond }: { readonly burst: number; readonly perSecond: number }, now: () => number) {
    this.#burst = burst
    this.#perMs = perSecond / 1_000
    this.#now = now
    this.#left = burst
    this.#at = now()
  }

  /** False: it is used up. */
  take(): boolean {
    const now = this.#now()
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
