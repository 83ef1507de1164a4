/**
 * What `compile()` returns: Envoy resources as plain objects (proto3 JSON with original field names and `@type`),
 * shared by every sidecar of a class. Knows no protobuf, no gRPC, no clock.
 */
import type { ApplicationName } from '../policy/applications.ts'
import type { Prefix } from '../policy/endpoints.ts'
import type { InspectionSet } from '../policy/sensor.ts'
import type { Row, View } from './table.ts'

/** The xDS resource types Postern serves, in the order they must reach an Envoy (adds; removals go the other way). */
export const resourceTypes = ['cluster', 'extension', 'listener'] as const
export type ResourceType = (typeof resourceTypes)[number]

/** A protobuf message as a plain object: snake_case field names, durations as `1.5s`, `Any` as `{'@type': …}`. */
export type Message = { readonly [field: string]: unknown }

export type Resource = {
  readonly type: ResourceType
  /** Unique within its type and class; built by `names.ts` only. */
  readonly name: string
  readonly body: Message
  /** Ids of the rules whose meaning this resource carries: a NACK of it is a status of these rules. */
  readonly rules: readonly string[]
}

/** What connections that are in a chain may do. */
export type ChainRights = { readonly chain: string; readonly view: View; readonly rows: readonly Row[] }
/** Who they come from (or go to, outbound). No chains: reset. Not judged: another sidecar decides. */
export type PeerRights = {
  readonly cidrs: readonly string[]
  readonly judged: boolean
  readonly enforced: boolean
  /** Id of the profile that requests are refused by; undefined: none is refused for what it holds. */
  readonly inline: string | undefined
  readonly chains: readonly ChainRights[]
}
/** What a listener lets pass: kept to find out which chains a change of policy must cut. */
export type ListenerRights = {
  readonly listener: string
  /** Undefined: all ports without a listener of their own. */
  readonly port: number | undefined
  readonly peers: readonly PeerRights[]
}

/** Everything a sidecar of this class holds. Replicas of one owner share it. */
export type ClassSnapshot = {
  readonly key: string
  readonly learned: string
  readonly resources: readonly Resource[]
  readonly rights: readonly ListenerRights[]
}

/** A thing people should know about what was compiled: caps reached, rules that can not work. */
export type CompileStatus = { readonly class: string; readonly rule?: string; readonly message: string }

export type Compiled = {
  /** By class key, keys sorted. */
  readonly classes: ReadonlyMap<string, ClassSnapshot>
  /** Managed workload id → class key. */
  readonly classOf: ReadonlyMap<string, string>
  /** What addresses were when this was compiled. */
  readonly prefixes: readonly Prefix[]
  readonly status: readonly CompileStatus[]
  /** What the classifier has to know to judge what these sidecars will ask it. */
  readonly inspection: InspectionSet
}

/**
 * What a port is known to speak, from the rules that name it (learned rules included): how its listener is built.
 * `detect`: nothing known: connect at once and sniff both directions, no inspectors (a server-first protocol would wait
 * for them). `http`: inspectors, HCM for HTTP, a sniffed chain for the rest. `client-first`/`server-first`: as named.
 */
export type PortProtocol =
  | { readonly kind: 'detect' }
  | { readonly kind: 'http'; readonly applications: readonly ApplicationName[] }
  | { readonly kind: 'client-first'; readonly applications: readonly ApplicationName[] }
  | { readonly kind: 'server-first'; readonly applications: readonly ApplicationName[] }
