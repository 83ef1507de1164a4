import { until } from '../../lab/until.ts'

/** How long anything may take to happen; only a broken test waits so long. */
const patienceMs = 20_000
const everyMs = 10

/** What `look` finds, as soon as it is neither undefined nor false. Rejects with `what` was waited for. */
export function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  return until(look, { what, timeoutMs: patienceMs, everyMs })
}
