/**
 * The inspection: profiles in force, and workers that judge by them. Promises: whatever goes wrong in a sensor, a message or
 * a worker is an `error` verdict or a problem that is told; it never throws at its caller and never leaves a call
 * unanswered. Never: a byte of a message in a problem or a log.
 */
import { availableParallelism } from 'node:os'
import { type Plan, planOf } from '../../xds-server/policy/inspection-plan.ts'
import type { Problem } from '../../xds-server/policy/model.ts'
import { sensorsOf } from '../../xds-server/policy/profiles.ts'
import type { InspectionProfile, InspectionSet } from '../../xds-server/policy/sensor.ts'
import { maxOldProfiles, profileWaitMs, workMs, workMsPerMb } from './limits.ts'
import type { BodyPrefix, Exchange, Inspector, RequestHead, ResponseHead, Verdict } from './model.ts'
import { Pool } from './pool.ts'
import { cleanVerdict } from './wire.ts'

export type InspectorOptions = {
  /** Where the Core Rule Set is; without it the embedded rule pack stands in for it. */
  readonly crsDirectory?: string
  /** Workers that judge; one more is kept ready. */
  readonly workers?: number
  /** Work on one call, and on each MB of its body. */
  readonly deadlineMs?: number
  readonly deadlineMsPerMb?: number
  /** Sensors that can not be compiled, workers that ended. Paths are those of the set. */
  readonly onProblem?: (problem: Problem) => void
}

export type InspectorState = Pool['state'] & { readonly profiles: number }

export type RunningInspector = Inspector & {
  /** Puts a set in force, in the background; resolves with what of it could not be, when the rest is. */
  readonly apply: (set: InspectionSet) => Promise<readonly Problem[]>
  readonly state: () => InspectorState
  readonly close: () => Promise<void>
}

type Known = { readonly profile: InspectionProfile; readonly plan: Plan }

export function inspector(options: InspectorOptions = {}): RunningInspector {
  const known = new Map<string, Known>()
  const waiting = new Set<() => void>()
  let lastExchange = 0
  const pool = new Pool({
    workers: options.workers ?? Math.max(1, availableParallelism() - 1),
    crsDirectory: options.crsDirectory,
    deadlineMs: options.deadlineMs ?? workMs,
    deadlineMsPerMb: options.deadlineMsPerMb ?? workMsPerMb,
    onProblem: options.onProblem ?? (() => {}),
    onChange() {
      for (const wake of [...waiting]) wake()
    },
  })

  const started = (id: string): Exchange | undefined => {
    const found = known.get(id)
    return found && pool.has(id) ? new PooledExchange(pool, found, ++lastExchange) : undefined
  }

  async function awaited(id: string): Promise<Exchange | undefined> {
    const until = performance.now() + profileWaitMs
    for (let left = profileWaitMs; left > 0; left = until - performance.now()) {
      await changeWithin(left)
      const exchange = started(id)
      if (exchange) return exchange
    }
    return undefined
  }

  const changeWithin = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      waiting.add(wake)
    })

  return {
    begin: (id) => started(id) ?? awaited(id),
    profile: (id) => known.get(id)?.profile,
    apply(set) {
      remember(known, set)
      return pool.apply(set)
    },
    state: () => ({ ...pool.state, profiles: known.size }),
    close: () => pool.close(),
  }
}

/** Those of older sets stay as long as workers keep them. */
function remember(known: Map<string, Known>, set: InspectionSet): void {
  const sensors = sensorsOf(set)
  for (const profile of set.profiles) {
    known.delete(profile.id)
    known.set(profile.id, { profile, plan: planOf(profile, sensors) })
  }
  for (const id of known.keys()) {
    if (known.size <= set.profiles.length + maxOldProfiles) return
    known.delete(id)
  }
}

class PooledExchange implements Exchange {
  readonly #pool: Pool
  readonly #profile: string
  readonly #id: number
  readonly plan: Plan

  constructor(pool: Pool, { profile, plan }: Known, id: number) {
    this.#pool = pool
    this.#profile = profile.id
    this.#id = id
    this.plan = plan
  }

  request(head: RequestHead, body: BodyPrefix | undefined): Promise<Verdict> {
    const call = { kind: 'request', profile: this.#profile, keep: this.plan.responses, head } as const
    return this.#pool.call(this.#id, call, body)
  }

  response(head: ResponseHead, body: BodyPrefix | undefined): Promise<Verdict> {
    if (!this.plan.responses) return Promise.resolve(cleanVerdict(0, 0))
    return this.#pool.call(this.#id, { kind: 'response', head }, body)
  }

  more(bytes: Uint8Array, { end, flush }: { readonly end: boolean; readonly flush: boolean }): Promise<Verdict> {
    if (!this.plan.responses) return Promise.resolve(cleanVerdict(0, 0))
    return this.#pool.call(this.#id, { kind: 'more', flush }, { bytes, end })
  }

  drop(): void {
    this.#pool.drop(this.#id)
  }
}
