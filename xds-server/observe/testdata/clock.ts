/** A clock that goes on when it is told to, and then does what is due. */
import type { Clock } from '../clock.ts'
import { epoch } from './records.ts'

export type ManualClock = Clock & {
  /** Milliseconds; what is due on the way is done at its time. */
  readonly pass: (milliseconds: number) => void
}

export function manualClock(start = epoch): ManualClock {
  let now = start
  const timers = new Set<{ readonly every: number; next: number; readonly work: () => void }>()
  return {
    now: () => now,
    every(milliseconds, work) {
      const timer = { every: milliseconds, next: now + milliseconds, work }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    pass(milliseconds) {
      const end = now + milliseconds
      for (;;) {
        const [due] = [...timers].filter((t) => t.next <= end).sort((a, b) => a.next - b.next)
        if (due === undefined) break
        now = due.next
        due.next += due.every
        due.work()
      }
      now = end
    },
  }
}
