/** The resource types of `compile/model.ts` on the wire. */
import type { ResourceType } from '../compile/model.ts'

const messages = {
  cluster: 'envoy.config.cluster.v3.Cluster',
  extension: 'envoy.config.core.v3.TypedExtensionConfig',
  listener: 'envoy.config.listener.v3.Listener',
} as const satisfies Record<ResourceType, string>

const prefix = 'type.googleapis.com/'

/** Full message name of the resource itself. */
export const messageOf = (type: ResourceType): string => messages[type]
export const typeUrlOf = (type: ResourceType): string => prefix + messages[type]

const byUrl = new Map(Object.keys(messages).map((type) => [typeUrlOf(type as ResourceType), type as ResourceType]))
/** Undefined for types Postern does not serve (EDS, RDS, SDS, …). */
export const typeOfUrl = (url: string): ResourceType | undefined => byUrl.get(url)

/**
 * Types whose state-of-the-world response is everything (a name left out is deleted), that start as a wildcard, and
 * whose versions of an earlier stream are not to be trusted: a reconnecting Envoy may report the first version it ever
 * saw (envoy#20699).
 */
export const isWhole = (type: ResourceType): boolean => type !== 'extension'

/** An ECDS resource is never removed: Envoy would close new connections before the listener without it is warm (envoy#32823). */
export const isRemovable = (type: ResourceType): boolean => type !== 'extension'
