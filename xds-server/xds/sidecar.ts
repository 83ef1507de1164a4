/** One authenticated stream: its conversation, and its place in the fleet. Mutable; the fleet is its only writer. */
import type { ResourceType } from '../compile/model.ts'
import type { Blob } from './blobs.ts'
import type { ClassRecord } from './class-record.ts'
import { newStream, type StreamState } from './machine.ts'
import type { Rollout } from './rollouts.ts'
import { isInterested, type Sight, type View } from './subscription.ts'
import type { Protocol, Views } from './turn.ts'

export type Refusal = {
  readonly type: ResourceType
  readonly names: readonly string[]
  readonly message: string
  /** Epoch milliseconds. */
  readonly at: number
}

export type Sidecar = {
  readonly workload: string
  /** Envoy's version, empty where it does not say. */
  readonly envoy: string
  /** Epoch milliseconds. */
  readonly connectedAt: number
  state: StreamState
  /** Undefined until the workload's class is known. */
  record: ClassRecord | undefined
  /** Blobs it gets before the others do. */
  readonly trials: Set<Blob>
  /** Publications it has not caught up with. */
  readonly rollouts: Set<Rollout>
  lastRefusal: Refusal | undefined
  /** Milliseconds from the newest response to its ACK. */
  lastAckMs: number
  /** Newest nonce on this stream: a response shared with others must be newer. */
  newestNonce: number
  readonly views: Views
  write(bytes: Buffer): void
}

export type NewSidecar = Pick<Sidecar, 'workload' | 'envoy' | 'connectedAt' | 'write'> & { readonly protocol: Protocol }

/** A canary sees what it is to try; everybody else the last good. */
function see(sidecar: Sidecar, type: ResourceType, name: string): Sight {
  const { record } = sidecar
  if (!record) return { kind: 'wait' }
  const desired = record.desired[type].get(name)
  if (desired && sidecar.trials.has(desired)) return { kind: 'present', blob: desired }
  const served = record.served[type].get(name)
  if (served) return { kind: 'present', blob: served }
  if (!desired) return { kind: 'absent' }
  return desired.verdict.kind === 'refused' ? { kind: 'refused', blob: desired } : { kind: 'wait' }
}

function* namesOf(record: ClassRecord | undefined, type: ResourceType): Iterable<string> {
  if (!record) return
  yield* record.desired[type].keys()
  for (const name of record.served[type].keys()) if (!record.desired[type].has(name)) yield name
}

const viewOf = (sidecar: Sidecar, type: ResourceType): View => ({
  get known() {
    return sidecar.record !== undefined
  },
  see: (name) => see(sidecar, type, name),
  names: () => namesOf(sidecar.record, type),
})

export function createSidecar({ protocol, ...fields }: NewSidecar): Sidecar {
  const sidecar: Sidecar = {
    ...fields,
    state: newStream(protocol),
    record: undefined,
    trials: new Set(),
    rollouts: new Set(),
    lastRefusal: undefined,
    lastAckMs: 0,
    newestNonce: 0,
    views: (type) => views[type],
  }
  const views = {
    cluster: viewOf(sidecar, 'cluster'),
    extension: viewOf(sidecar, 'extension'),
    listener: viewOf(sidecar, 'listener'),
  } satisfies Record<ResourceType, View>
  return sidecar
}

const subscriptionTo = (sidecar: Sidecar, blob: Blob) => sidecar.state.subscriptions[blob.type]

export function isInterestedIn(sidecar: Sidecar, blob: Blob): boolean {
  const sub = subscriptionTo(sidecar, blob)
  return sub !== undefined && isInterested(sub, blob.name)
}

/** It has this very content. */
export const holds = (sidecar: Sidecar, blob: Blob): boolean =>
  subscriptionTo(sidecar, blob)?.held.get(blob.name) === blob.version

/** Why it refused this very content before, or undefined. */
export function objectionTo(sidecar: Sidecar, blob: Blob): string | undefined {
  const refused = subscriptionTo(sidecar, blob)?.refused.get(blob.name)
  return refused?.version === blob.version ? refused.message : undefined
}
