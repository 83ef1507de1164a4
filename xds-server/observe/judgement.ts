/**
 * Who spoke to whom, by which rule: a record's addresses become group names, its logged rule a verdict. What Envoy
 * logged is what happened and is believed; where it logged nothing (deny chain, refused greeting, a chain without
 * RBAC) the verdict is what `decide()` says of the flow. The mode is that of the connection's start: so was its sidecar's.
 * Where both speak and differ although the policy has not changed for a while, that is counted: the sidecar has another
 * policy than the store, or one of the two judges is wrong.
 */
import type { Logger } from 'pino'
import { decide } from '../policy/decide.ts'
import type { Directory } from '../policy/directory.ts'
import {
  defaultRuleId,
  type Endpoint,
  type Flow,
  type HttpRequest,
  type Mode,
  uninspectedRuleId,
  type Verdict,
} from '../policy/model.ts'
import type { Metrics } from './metrics.ts'
import type { AccessRecord, ObservedVerdict } from './model.ts'
import type { PastPolicy } from './past-policy.ts'

export type Judgement = {
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly flow: Flow
  readonly verdict: ObservedVerdict
  readonly rule: string
  /** The one that counted when the connection (or the request) began. */
  readonly mode: Mode
  /** What the present policy says of the flow: the consequence and the trace come from here. */
  readonly decision: Verdict
}
/** It sent no byte and no rule decided: nothing is known of what it wanted. */
export type Judged = Judgement | 'probe'

export type JudgeOptions = {
  /** The present one; a new object for every change. */
  readonly directory: () => Directory
  readonly past: Pick<PastPolicy, 'mode' | 'changedSince'>
  readonly metrics: Metrics
  readonly log: Logger
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** How long a sidecar may go on with the policy before: pushes take milliseconds, a reconnect seconds. */
export const settleMilliseconds = 5_000
/** Pairs of addresses and decisions that are remembered until the policy changes; 20 MB, then all are forgotten. */
export const maxRemembered = 20_000

type Pair = {
  readonly source: Endpoint
  readonly destination: Endpoint
  /** A rule between them has an `http` part: each request must be looked at. */
  readonly requestsMatter: boolean
  readonly decisions: Map<string, Verdict>
}

export class Judge {
  readonly #options: JudgeOptions
  #directory: Directory | undefined
  /** Since when the directory is what it is. */
  #since = Number.POSITIVE_INFINITY
  readonly #pairs = new Map<string, Pair>()
  #remembered = 0

  constructor(options: JudgeOptions) {
    this.#options = options
  }

  judge(record: AccessRecord): Judged {
    const pair = this.#pairOf(record)
    const flow = flowOf(record, pair.requestsMatter)
    const decision = this.#decisionOf(pair, flow)
    const { source, destination } = pair
    const { past } = this.#options
    const mode = past.mode(record.startedAt, source, destination) ?? decision.mode.mode
    const isStale = past.changedSince(record.startedAt - settleMilliseconds)
    const seen = { record, decision, mode, isStale }
    if (isProbe(seen)) return 'probe'
    if (record.shadow !== undefined) this.#compare(record, record.shadow.rule, decision)
    return { source, destination, flow, decision, mode, ...(logged(seen) ?? derived(seen)) }
  }

  #pairOf(record: AccessRecord): Pair {
    const directory = this.#options.directory()
    if (directory !== this.#directory || this.#remembered >= maxRemembered) this.#forget(directory)
    const { source, destination, serverName } = record
    const asked = serverName === undefined || directory.namedGroups(destination.ip).length === 0 ? '' : serverName
    const key = `${source.ip} ${destination.ip} ${asked}`
    const known = this.#pairs.get(key)
    if (known !== undefined) return known
    const pair = pairIn(directory, source.ip, destination.ip, asked === '' ? undefined : asked)
    this.#pairs.set(key, pair)
    this.#remembered += 1
    return pair
  }

  #forget(directory: Directory): void {
    if (directory !== this.#directory) this.#since = this.#options.now()
    this.#directory = directory
    this.#pairs.clear()
    this.#remembered = 0
  }

  #decisionOf({ decisions }: Pair, flow: Flow): Verdict {
    const { http } = flow
    const request = http === undefined ? '' : `${http.method} ${http.host} ${http.path}`
    const key = `${flow.port} ${flow.application} ${flow.serverName ?? ''} ${request}`
    const known = decisions.get(key)
    if (known !== undefined) return known
    const decision = decide(flow, this.#directory!)
    decisions.set(key, decision)
    this.#remembered += 1
    return decision
  }

  #compare(record: AccessRecord, rule: string, decision: Verdict): void {
    if (record.startedAt < this.#since + settleMilliseconds || rule === decision.rule) return
    if (rule === uninspectedRuleId) return // sensors are no rules: decide() does not know of them
    if (decision.policy === 'undecided' || dependsOnHeaders(rule, decision)) return
    this.#options.metrics.skew.inc()
    const { node, stream, source, destination } = record
    this.#options.log.debug({ node, stream, source, destination, rule, decided: decision.rule }, 'policy skew')
  }
}

function pairIn(directory: Directory, from: string, to: string, serverName: string | undefined): Pair {
  const source = directory.endpoint(from)
  const destination = directory.endpoint(to, serverName)
  const between = directory.rules.between(source.groups, destination.groups)
  const requestsMatter = between.some((rule) => !rule.disabled && rule.http.length > 0)
  return { source, destination, requestsMatter, decisions: new Map() }
}

function flowOf(record: AccessRecord, requestsMatter: boolean): Flow {
  const { source, destination, application, serverName, http } = record
  return {
    source: source.ip,
    destination: destination.ip,
    port: destination.port,
    protocol: 'tcp',
    ...(application !== undefined && { application }),
    ...(serverName !== undefined && { serverName }),
    ...(http !== undefined && requestsMatter && { http: requestOf(http) }),
  }
}

/** Headers are not logged: a rule with a header condition does not fit here. */
function requestOf({ method, path, host, grpc }: NonNullable<AccessRecord['http']>): HttpRequest {
  return { method, path: path.split('?', 1)[0]!, host, headers: {}, ...(grpc !== undefined && { grpc }) }
}

type Seen = {
  readonly record: AccessRecord
  readonly decision: Verdict
  readonly mode: Mode
  /** The policy has changed since: `decision` may not be what its sidecar went by. */
  readonly isStale: boolean
}
type Said = Pick<Judgement, 'verdict' | 'rule'>

/** What the sidecar's own RBAC said. */
function logged({ record: { enforced, shadow }, mode }: Seen): Said | undefined {
  if (enforced?.denied === true) return { verdict: 'deny', rule: enforced.rule }
  if (shadow === undefined) return undefined
  return shadow.denied ? passed(shadow.rule, mode) : { verdict: 'allow', rule: shadow.rule }
}

/** A deny that its mode let pass. In Discover what no rule matches is no violation: it is about to be learned. */
function passed(rule: string, mode: Mode): Said {
  const learning = rule === defaultRuleId && mode === 'discover'
  return { verdict: learning ? 'allow' : 'violation', rule }
}

/** A sidecar that refuses says so: what it let in by rules that are gone is no violation of those that came. */
function derived({ record, decision: { policy, rule }, mode, isStale }: Seen): Said {
  if (record.denyChain || record.greetingRefused)
    return { verdict: 'deny', rule: policy === 'deny' ? rule : defaultRuleId }
  if (policy === 'allow') return { verdict: 'allow', rule }
  if (policy === 'undecided' || isStale) return { verdict: 'allow', rule: defaultRuleId }
  return mode === 'protect' ? { verdict: 'deny', rule } : passed(rule, mode)
}

/**
 * A connection over TCP that sent no byte logs a deny by `default`, for its application never showed. Unless no
 * application at all could have been allowed: that is a violation in Monitor as it is a reset in Protect.
 */
function isProbe({ record, decision, isStale }: Seen): boolean {
  if (record.kind === 'http' || record.bytesReceived > 0 || record.application !== undefined) return false
  if (record.denyChain || record.greetingRefused || record.phase !== 'end') return false
  if (record.shadow?.denied === false || decision.policy === 'allow') return false
  return decision.policy === 'undecided' || decision.consequence === 'learn' || isStale
}

/** Its rule was passed over only because we do not see the request's headers. */
const dependsOnHeaders = (rule: string, decision: Verdict): boolean =>
  decision.trace.misses.some((miss) => miss.rule === rule && miss.field === 'http')
