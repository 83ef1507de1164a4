/** What people see of a connected sidecar. Plain data, made on demand. */
import { type ResourceType, resourceTypes } from '../compile/model.ts'
import { owesSince } from './conversation.ts'
import type { Refusal, Sidecar } from './sidecar.ts'
import { isInterested, type Subscription } from './subscription.ts'
import type { Protocol } from './turn.ts'

type TypeStatus = {
  /** Resources it took. */
  readonly acked: number
  /** Resources of the response it has not answered yet. */
  readonly pending: number
  /** Nonce of the newest response, empty where there was none on this stream. */
  readonly nonce: string
}

export type ProxyStatus = {
  /** Workload id. */
  readonly id: string
  /** Undefined while the workload's class is not known. */
  readonly class: string | undefined
  /** Version of the class's snapshot, empty while there is none. */
  readonly version: string
  /** It has all of that version that it asked for. */
  readonly inSync: boolean
  /** Epoch milliseconds. */
  readonly connectedSince: number
  readonly envoyVersion: string
  readonly protocol: Protocol
  /** Only types it asked for. */
  readonly types: Readonly<Partial<Record<ResourceType, TypeStatus>>>
  readonly lastNack: Refusal | undefined
  /** Milliseconds it owes an answer; 0 when it owes none. */
  readonly lagMs: number
  /** Milliseconds its newest ACK took. */
  readonly lastAckMs: number
}

/** A resource that is kept from everybody because an Envoy refused it (or because it has no encoding). */
export type Quarantined = {
  readonly type: ResourceType
  readonly name: string
  readonly version: string
  readonly rules: readonly string[]
  readonly message: string
  /** Workload id of the sidecar that refused it; empty where it could not be encoded. */
  readonly node: string
  /** Epoch milliseconds. */
  readonly at: number
}

const typeStatus = (sub: Subscription): TypeStatus => ({
  acked: [...sub.held.values()].filter((version) => version !== '').length,
  pending: sub.inFlight ? sub.inFlight.versions.size + sub.inFlight.removed.length : 0,
  nonce: sub.lastNonce,
})

function hasAll(sidecar: Sidecar, type: ResourceType): boolean {
  const sub = sidecar.state.subscriptions[type]
  if (!sub || !sidecar.record) return false
  const desired = sidecar.record.desired[type]
  for (const [name, blob] of desired) {
    if (isInterested(sub, name) && sub.held.get(name) !== blob.version) return false
  }
  return type === 'extension' || [...sub.held].every(([name, version]) => version === '' || desired.has(name))
}

export function statusOf(sidecar: Sidecar, now: number): ProxyStatus {
  const { state, record } = sidecar
  const since = owesSince(sidecar)
  const asked = resourceTypes.flatMap((type) => {
    const sub = state.subscriptions[type]
    return sub ? [[type, sub] as const] : []
  })
  return {
    id: sidecar.workload,
    class: record?.key,
    version: record?.version ?? '',
    inSync: asked.length > 0 && asked.every(([type]) => hasAll(sidecar, type)),
    connectedSince: Math.round(sidecar.connectedAt),
    envoyVersion: sidecar.envoy,
    protocol: state.protocol,
    types: Object.fromEntries(asked.map(([type, sub]) => [type, typeStatus(sub)])),
    lastNack: sidecar.lastRefusal,
    lagMs: since === undefined ? 0 : now - since,
    lastAckMs: sidecar.lastAckMs,
  }
}
