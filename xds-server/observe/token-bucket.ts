/** A rate with a burst: a bucket of `burst` tokens that refills by `perSecond`. Takes the clock as an argument. */
export type Rate = { readonly burst: number; readonly perSecond: number }

export class TokenBucket {
  readonly #rate: Rate
  #tokens: number
  #at: number
  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#at = now
  }

  /** One token, if there is one. `now` in milliseconds; a clock that goes back refills nothing. */
  take(now: number): boolean {
    this.#refill(now)
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** Nothing was taken for so long that it is as good as new. */
  isFull(now: number): boolean {
    this.#refill(now)
    return this.#tokens >= this.#rate.burst
  }

  #refill(now: number): void {
    const elapsed = Math.max(0, now - this.#at)
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + (elapsed * this.#rate.perSecond) / 1000)
    this.#at = Math.max(this.#at, now)
  }
}
