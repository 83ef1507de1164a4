/**
 * The engine: a request, and its response where there is one, against a rule set.
 * Promises: pure (no I/O, same input same outcome, but for the clock's variables), rules run in the order in which they
 * are written, as ModSecurity runs them. Never: blocks by itself, keeps a value after it has answered.
 */
import type { Phase, Rule, RuleSet } from '../seclang/model.ts'
import { fill, type Lookup } from '../seclang/template.ts'
import { Candidates } from './candidates.ts'
import { ruleMatches } from './chain.ts'
import { lookupIn } from './effects.ts'
import type { Blocked, HttpRequest, HttpResponse, Outcome } from './model.ts'
import { Transaction } from './transaction.ts'

export type Engine = {
  readonly ruleSet: RuleSet
  readonly evaluate: (request: HttpRequest, response?: HttpResponse) => Outcome
}

/** `foresight: false` runs every rule on every value: slower, and the same outcome (the tests hold one against the other). */
export function createEngine(ruleSet: RuleSet, { foresight = true }: { readonly foresight?: boolean } = {}): Engine {
  const candidates = foresight ? new Candidates(ruleSet) : undefined
  return {
    ruleSet,
    evaluate(request, response) {
      const t = new Transaction(request, ruleSet)
      return outcomeOf({ t, lookup: lookupIn(t), candidates }, response)
    },
  }
}

type Run = { readonly t: Transaction; readonly lookup: Lookup; readonly candidates: Candidates | undefined }

function outcomeOf(run: Run, response: HttpResponse | undefined): Outcome {
  const { t } = run
  const blocked = judged(run, response)
  runPhase(run, 5)
  const ids = [...new Set(t.matches.map(({ id }) => id).filter((id) => id !== 0))]
  return { ids, matches: t.matches, score: scoreOf(t), blocked, partial: t.partial }
}

/** Phases 1 to 4, until one of them ends the transaction. */
function judged(run: Run, response: HttpResponse | undefined): Blocked | undefined {
  const { t } = run
  const arrivals: readonly (readonly [Phase, () => void])[] = [
    [1, () => {}],
    [2, () => t.readRequestBody()],
    ...(response
      ? ([
          [3, () => t.readResponse(response)],
          [4, () => t.readResponseBody(response)],
        ] as const)
      : []),
  ]
  let allowed: Ended['kind'] | undefined
  for (const [phase, arrive] of arrivals) {
    arrive()
    if (allowed === 'allow' || (allowed === 'allowRequest' && phase < 3)) continue
    const ended = runPhase(run, phase)
    if (ended?.kind === 'blocked') return ended.by
    allowed = ended?.kind
  }
  return undefined
}

type Ended =
  | { readonly kind: 'blocked'; readonly by: Blocked }
  | { readonly kind: 'allow' | 'allowRequest' | 'allowPhase' }

function runPhase({ t, lookup, candidates }: Run, phase: Phase): Ended | undefined {
  const rules = t.ruleSet.phases[phase]
  let may = candidates?.of(t, phase)
  let generation = t.generation
  for (let at = 0; at < rules.length; ) {
    if (generation !== t.generation) {
      // a ctl has changed what there is to see
      may = candidates?.of(t, phase)
      generation = t.generation
    }
    if (may && may[at] === 0) {
      at += 1
      continue
    }
    const rule = rules[at]!
    at += 1
    if (t.engine === 'Off') return undefined
    if (t.removedRules.has(rule.index) || !ruleMatches(t, rule, lookup)) continue
    if (rule.log) note(t, rule, lookup)
    at = rule.next
    const ended = t.engine === 'On' && phase !== 5 ? disrupted(rule) : undefined
    if (ended) return ended
  }
  return undefined
}

function disrupted({ disruption, id, phase, status }: Rule): Ended | undefined {
  if (disruption === 'pass') return undefined
  if (disruption === 'deny' || disruption === 'drop') return { kind: 'blocked', by: { id, phase, status } }
  return { kind: disruption }
}

function note(t: Transaction, rule: Rule, lookup: Lookup): void {
  const { id, phase, severity, tags } = rule
  const message = fill(rule.message, lookup)
  t.matches.push({ id, phase, severity, message, data: fill(rule.data, lookup), variable: t.matched.name, tags })
}

/** CRS's totals; 0 for rules that keep no score. */
function scoreOf({ tx }: Transaction): number {
  const score = (name: string): number => Number(tx.get(name)?.text ?? 0) || 0
  return score('blocking_inbound_anomaly_score') + score('blocking_outbound_anomaly_score')
}
