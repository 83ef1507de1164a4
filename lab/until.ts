import { setTimeout as delay } from 'node:timers/promises'
import { LabError } from './error.ts'

export type UntilOptions = {
  /** Asked for only when it did not happen, so that it may add a log. */
  readonly what: string | (() => string)
  readonly timeoutMs: number
  /** Between two looks at something that can only be looked at. */
  readonly everyMs?: number
  readonly signal?: AbortSignal
}

/**
 * What `look` finds, as soon as it is neither undefined nor false.
 * @throws LabError `failed` after `timeoutMs`, or the signal's reason
 */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { what, timeoutMs, everyMs = 20, signal }: UntilOptions,
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    signal?.throwIfAborted()
    if (performance.now() > end)
      throw new LabError('failed', `waited ${timeoutMs} ms in vain for ${typeof what === 'string' ? what : what()}`)
    await delay(everyMs)
  }
}
