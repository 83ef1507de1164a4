/**
 * The engine: requests and their responses against a rule set.
 * Promises: pure (no I/O, same input same outcome, but for the clock's variables), rules run in the order in which they
 * are written, as ModSecurity runs them. Never: blocks by itself, keeps a value after it has answered.
 */
import { mostRequestBytes, standardRequestBytes } from '../limits.ts'
import type { RuleSet } from '../seclang/model.ts'
import { Candidates } from './candidates.ts'
import { lookupIn } from './effects.ts'
import { Inspection } from './inspection.ts'
import type { HttpRequest, HttpResponse, Outcome } from './model.ts'
import { Transaction } from './transaction.ts'
import { warmUp } from './warm.ts'

export type Engine = {
  readonly ruleSet: RuleSet
  /** Phases 1 and 2 of a request; what it returns judges the response, and must be told of the end. */
  readonly begin: (request: HttpRequest) => Inspection
  /** Seconds of work after which a first request costs what the hundredth does. */
  readonly warm: () => void
  /** All phases at once; those of the response where there is one. */
  readonly evaluate: (request: HttpRequest, response?: HttpResponse) => Outcome
}

export type EngineOptions = {
  /** False runs every rule on every value: slower, and the same outcome (the tests hold one against the other). */
  readonly foresight?: boolean
  /** Bytes of a request's body that are looked at, files not counted; 128 KB, at most 1 MiB. Past them it is `partial`. */
  readonly requestBytes?: number
}

export function createEngine(ruleSet: RuleSet, options: EngineOptions = {}): Engine {
  const { foresight = true, requestBytes = standardRequestBytes } = options
  if (!(requestBytes >= 0 && requestBytes <= mostRequestBytes))
    throw new RangeError(`requestBytes is at most ${mostRequestBytes}`)
  const candidates = foresight ? new Candidates(ruleSet) : undefined
  const begin = (request: HttpRequest): Inspection => {
    const t = new Transaction(request, ruleSet, requestBytes)
    return new Inspection({ t, ruleSet, lookup: lookupIn(t), candidates })
  }
  const evaluate = (request: HttpRequest, response?: HttpResponse): Outcome => {
    const inspection = begin(request)
    return response ? inspection.respond(response) : inspection.end()
  }
  return { ruleSet, begin, evaluate, warm: () => warmUp(evaluate) }
}
