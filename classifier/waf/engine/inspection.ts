/**
 * A request on its way through a proxy: phases 1 and 2 when it has come, 3 and 4 when its response has, 5 at the end, all
 * on one transaction, so that the response is judged with what the request left in TX.
 */
import type { Phase } from '../seclang/model.ts'
import type { Blocked, HttpResponse, Outcome } from './model.ts'
import { type Ended, type Run, runPhase } from './phase.ts'

export class Inspection {
  readonly #run: Run
  #blocked: Blocked | undefined
  #allowed: Ended['kind'] | undefined
  #isOver = false

  /** Runs phases 1 and 2. */
  constructor(run: Run) {
    this.#run = run
    this.#phase(1, () => {})
    this.#phase(2, () => run.t.readRequestBody())
  }

  /** What has been found so far. */
  get outcome(): Outcome {
    const { t } = this.#run
    const ids = [...new Set(t.matches.map(({ id }) => id).filter((id) => id !== 0))]
    return { ids, matches: [...t.matches], score: scoreOf(t), blocked: this.#blocked, partial: t.partial }
  }

  /** Phases 3 to 5. A request that was blocked has no response of its own: then only the last. */
  respond(response: HttpResponse): Outcome {
    const { t } = this.#run
    if (this.#isOver) return this.outcome
    this.#phase(3, () => t.readResponse(response))
    this.#phase(4, () => t.readResponseBody(response))
    return this.end()
  }

  /** Phase 5, once: no response will come, or none has to be looked at. */
  end(): Outcome {
    if (!this.#isOver) runPhase(this.#run, 5)
    this.#isOver = true
    return this.outcome
  }

  /** What has arrived is read also where rules have allowed it: phase 5 may tell of it. */
  #phase(phase: Phase, arrive: () => void): void {
    if (this.#blocked) return
    arrive()
    if (this.#allowed === 'allow' || (this.#allowed === 'allowRequest' && phase < 3)) return
    const ended = runPhase(this.#run, phase)
    if (ended?.kind === 'blocked') this.#blocked = ended.by
    else this.#allowed = ended?.kind
  }
}

/** CRS's totals (3.x has one for both directions); 0 for rules that keep no score. */
function scoreOf(t: Run['t']): number {
  const score = (name: string): number => Number(t.store('TX', name)?.get(name)?.text ?? 0) || 0
  const total = score('blocking_inbound_anomaly_score') + score('blocking_outbound_anomaly_score')
  return total || score('anomaly_score')
}
