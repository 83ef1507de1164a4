/** Time as observation sees it; tests bring their own. */
export type Clock = {
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Calls `work` about every so many milliseconds; answers the stop. */
  readonly every: (milliseconds: number, work: () => void) => () => void
}

export const systemClock: Clock = {
  now: Date.now,
  every(milliseconds, work) {
    const timer = setInterval(work, milliseconds)
    // Observation alone does not keep a process alive.
    timer.unref()
    return () => clearInterval(timer)
  },
}
