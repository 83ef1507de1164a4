import { setTimeout as delay } from 'node:timers/promises'
import { LabError } from './error.ts'

/** Between two looks at something that can only be looked at. */
const everyMs = 20

/** Resolves once `check` is true; a `what` that is asked for only then may add a log. @throws LabError `failed` after `timeoutMs`, or the signal's reason. */
export async function until(
  check: () => boolean | Promise<boolean>,
  options: { readonly what: string | (() => string); readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<void> {
  const end = performance.now() + options.timeoutMs
  while (!(await check())) {
    options.signal?.throwIfAborted()
    if (performance.now() > end) throw tooLate(options)
    await delay(everyMs)
  }
}

function tooLate({
  what,
  timeoutMs,
}: {
  readonly what: string | (() => string)
  readonly timeoutMs: number
}): LabError {
  return new LabError('failed', `waited ${timeoutMs} ms for ${typeof what === 'string' ? what : what()}`)
}
