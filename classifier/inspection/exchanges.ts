/** The exchanges that a worker keeps something of between calls. */
import type { Engines } from './engines.ts'
import { Judging } from './exchange.ts'
import { maxExchanges } from './limits.ts'
import type { Verdict } from './model.ts'
import { failed } from './result.ts'
import type { Call, CallBody } from './wire.ts'

export class Exchanges {
  readonly #engines: Engines
  readonly #kept = new Map<number, Judging>()

  constructor(engines: Engines) {
    this.#engines = engines
  }

  call(exchange: number, call: Call, body: CallBody): Verdict {
    if (call.kind === 'request') {
      const compiled = this.#engines.profile(call.profile)
      if (!compiled) return failed(`profile ${call.profile} is not here`)
      const judging = new Judging(compiled)
      const verdict = judging.request(call.head, body)
      if (call.keep && verdict.action === 'pass') this.#keep(exchange, judging)
      return verdict
    }
    const judging = this.#kept.get(exchange)
    if (!judging) return failed('what was known of this exchange is gone')
    const verdict =
      call.kind === 'response'
        ? judging.response(call.head, body)
        : judging.more(body!.bytes, { end: body!.end, flush: call.flush })
    if (verdict.action !== 'pass' || body === undefined || body.end) this.drop(exchange)
    return verdict
  }

  drop(exchange: number): void {
    this.#kept.get(exchange)?.drop()
    this.#kept.delete(exchange)
  }

  #keep(exchange: number, judging: Judging): void {
    this.#kept.set(exchange, judging)
    if (this.#kept.size <= maxExchanges) return
    const [oldest] = this.#kept.keys()
    this.drop(oldest!)
  }
}
