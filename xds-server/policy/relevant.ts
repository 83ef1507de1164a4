/** The rules that matter to a set of connections: what the compiler builds its tables from. */
import { continuations, endings } from './continuations.ts'
import type { Directory } from './directory.ts'
import type { Action, PortRange, Rule } from './model.ts'
import { matchesPorts } from './rule.ts'

/** Connections that no rule tells apart by their addresses. */
export type Conversations = {
  /** Groups of the source, and of the destination. */
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** Groups the destination is in only if the right server name is asked for. */
  readonly named?: readonly string[]
  /** Undefined: any port that is not known beforehand. */
  readonly port: number | undefined
  readonly protocol?: 'tcp' | 'udp'
}

const couldFitPort = (ports: readonly PortRange[], { port, protocol = 'tcp' }: Conversations): boolean =>
  port === undefined
    ? ports.length === 0 || ports.some((r) => r.protocol === protocol)
    : matchesPorts(ports, port, protocol)

/** Nothing behind such a rule can be reached. */
const matchesAll = (rule: Rule, { port, named = [] }: Conversations): boolean =>
  rule.applications.length === 0 &&
  rule.http.length === 0 &&
  (port !== undefined || rule.ports.length === 0) &&
  !named.includes(rule.to)

/** In order: the enabled rules that can still match, up to the first that always does (it is the last one). */
export function relevantRules(directory: Directory, conversations: Conversations): readonly Rule[] {
  const to = [...conversations.to, ...(conversations.named ?? [])]
  const rules = directory.rules
    .between(conversations.from, to)
    .filter((rule) => !rule.disabled && couldFitPort(rule.ports, conversations))
  const end = rules.findIndex((rule) => matchesAll(rule, conversations))
  return end < 0 ? rules : rules.slice(0, end + 1)
}

/**
 * How such connections can end, over all applications, requests, server names (and ports, if unknown). A single ending
 * needs no look at the connection. Two may be one too many: conditions of requests are not compared with each other.
 */
export function possibleEndings(directory: Directory, conversations: Conversations): ReadonlySet<Action> {
  const { named = [], port } = conversations
  const known = { application: undefined, http: undefined, named, byName: named, portKnown: port !== undefined }
  return endings(continuations(relevantRules(directory, conversations), known))
}

/** Is there any application or request that a rule allows? If not, the source can be reset at once. */
export function couldAllow(directory: Directory, conversations: Conversations): boolean {
  return possibleEndings(directory, conversations).has('allow')
}
