/**
 * Clients that wait for news. Promises: each leaves with the news, at the end of its time or with its connection, and
 * never more than `maxWaiting` are here; one more is told to come back.
 */
import { ApiError } from './problem.ts'

/** Each costs a connection and a timer. Classifiers are a handful; past it: 503. */
export const maxWaiting = 64

export type Waiting = {
  /** Calls the listener when there may be news; answers how to leave. */
  readonly watch: (listener: () => void) => () => void
  readonly isNews: () => boolean
  readonly ms: number
  /** The client is gone. */
  readonly signal: AbortSignal
}

/** Resolves as soon as there is news, or when there is nothing to wait for any more. Throws `busy`. */
export type WaitingRoom = (waiting: Waiting) => Promise<void>

export function waitingRoom(): WaitingRoom {
  let inside = 0
  return async ({ watch, isNews, ms, signal }) => {
    if (isNews() || ms === 0 || signal.aborted) return
    if (inside >= maxWaiting) throw new ApiError('busy', `${maxWaiting} clients wait already; ask again in a second.`)
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    const leave = watch(() => isNews() && resolve())
    signal.addEventListener('abort', () => resolve())
    inside++
    await promise
    inside--
    leave()
    clearTimeout(timer)
  }
}
