/** Envoy's generic matchers as plain objects: inputs, predicates, and what a match leads to. */
import type { Action } from '../policy/model.ts'
import type { Message } from './model.ts'
import { typed } from './typed.ts'

const network = 'envoy.extensions.matching.common_inputs.network.v3.'
const networkInput = (name: string, fields: Message = {}): Message => typed(name, network + name, fields)

/** What a connection or request is asked for. */
export const inputs = {
  sourceAddress: networkInput('SourceIPInput'),
  destinationAddress: networkInput('DestinationIPInput'),
  destinationPort: networkInput('DestinationPortInput'),
  serverName: networkInput('ServerNameInput'),
  transportProtocol: networkInput('TransportProtocolInput'),
  applicationProtocol: networkInput('ApplicationProtocolInput'),
} as const

export function filterStateInput(key: string): Message {
  return networkInput('FilterStateInput', { key })
}

/** Pseudo headers (`:path`) and `host` too. Several headers of a name are one value, joined by `,`. */
export function headerInput(name: string): Message {
  return typed(name, 'envoy.type.matcher.v3.HttpRequestHeaderMatchInput', { header_name: name })
}

export type Predicate = Message

export function equals(input: Message, text: string): Predicate {
  return { single_predicate: { input, value_match: { exact: text } } }
}

export function startsWith(input: Message, text: string): Predicate {
  return { single_predicate: { input, value_match: { prefix: text } } }
}

/** The whole value must match (RE2). */
export function matches(input: Message, regex: string): Predicate {
  return { single_predicate: { input, value_match: { safe_regex: { google_re2: {}, regex } } } }
}

/** Envoy wants at least two in a list. */
function listOf(kind: 'or_matcher' | 'and_matcher', predicates: readonly Predicate[]): Predicate {
  return predicates.length === 1 ? predicates[0]! : { [kind]: { predicate: predicates } }
}

/** At least one predicate. */
export function anyOf(predicates: readonly Predicate[]): Predicate {
  return listOf('or_matcher', predicates)
}

/** At least one predicate. */
export function allOf(predicates: readonly Predicate[]): Predicate {
  return listOf('and_matcher', predicates)
}

export function not(predicate: Predicate): Predicate {
  return { not_matcher: predicate }
}

/** What a match leads to: `{action}` or `{matcher}`. */
export type OnMatch = Message

/** The filter chain of this name. */
export function toChain(name: string): OnMatch {
  return { action: typed(name, 'google.protobuf.StringValue', { value: name }) }
}

/** The policy id that logs show is the rule's id. */
export function toVerdict(rule: string, action: Action): OnMatch {
  const fields = { name: rule, ...(action === 'deny' ? { action: 'DENY' } : {}) }
  return { action: typed('rule', 'envoy.config.rbac.v3.Action', fields) }
}

export type Branch = { readonly when: Predicate; readonly leads: OnMatch }

/** First match wins. No branches: always `otherwise`. */
export function firstOf(branches: readonly Branch[], otherwise: OnMatch): Message {
  const matchers = branches.map(({ when, leads }) => ({ predicate: when, on_match: leads }))
  return { ...(matchers.length > 0 ? { matcher_list: { matchers } } : {}), on_no_match: otherwise }
}

export type RangeBranch = { readonly ranges: readonly Message[]; readonly leads: OnMatch }

/** The longest range that contains the address wins. */
export function byAddress(input: Message, branches: readonly RangeBranch[]): Message {
  const range_matchers = branches.map(({ ranges, leads }) => ({ ranges, on_match: leads }))
  return { matcher_tree: { input, custom_match: typed('ip', 'xds.type.matcher.v3.IPMatcher', { range_matchers }) } }
}
