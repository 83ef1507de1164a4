/**
 * What the API needs of the rest of the control plane, and nothing more: the store it writes to, and questions about
 * what is there now. Every question is answered at once from memory or the local database; none changes anything.
 */
import type { CompileStatus } from '../compile/model.ts'
import type { EventFilter } from '../observe/event-store.ts'
import type { Conversation, PosternEvent } from '../observe/model.ts'
import type { Directory } from '../policy/directory.ts'
import type { Problem } from '../policy/model.ts'
import type { RecordedFlow } from '../policy/preview.ts'
import type { DlpSensor, InspectionSet, WafSensor } from '../policy/sensor.ts'
import type { Batch, Store } from '../store/model.ts'
import type { HealthCheck } from './health.ts'

export interface Backend {
  readonly store: Store & Batch
  /** Of the cluster and the policy as they are now; right after a write it may still be the one before. */
  directory(): Directory
  /** Of the last hour. */
  conversations(): readonly Conversation[]
  /** Of the last hour, for a dry run. */
  recordedFlows(): readonly RecordedFlow[]
  /** Newest first. */
  events(filter: EventFilter): readonly PosternEvent[]
  /** By rule id, `default` included; a rule that is not there has no hits. */
  hits(): ReadonlyMap<string, RuleHits>
  proxies(): readonly ProxyStatus[]
  /** What the last compilation has to say. */
  compileStatus(): readonly CompileStatus[]
  /** What keeps the classifier from using it: patterns that do not compile. Paths are the sensor's own. */
  checkSensor(sensor: WafSensor | DlpSensor): readonly Problem[]
  /** What classifiers are to know, of the last World that was built. The ETag is another one for other contents. */
  inspectionSet(): TaggedSet
  /** Calls the listener when it has changed; answers how to leave. */
  watchInspectionSet(listener: () => void): () => void
  /** The store, the listeners, the observer: what `/readyz` and `postern check` show. */
  health(): readonly HealthCheck[]
  /** Epoch milliseconds. */
  now(): number
}

export type TaggedSet = { readonly etag: string; readonly set: InspectionSet }

/** `lastHit` in epoch milliseconds. */
export type RuleHits = { readonly hits: number; readonly lastHit: number }

/** A resource an Envoy refused (NACK); it runs on with its last good one. */
export type Rejection = {
  readonly resource: string
  /** Rules whose meaning the resource carries. */
  readonly rules: readonly string[]
  /** In Envoy's words. */
  readonly message: string
  readonly at: number
}

export type ProxyStatus = {
  /** Workload id. */
  readonly workload: string
  readonly class: string
  readonly connected: boolean
  /** Of Envoy; empty until it said so. */
  readonly version: string
  /** Epoch milliseconds: connected since, or last seen; 0: never. */
  readonly since: number
  /** Resources sent and not yet acknowledged. */
  readonly pending: number
  /** How long the oldest of them has waited; 0 when everything is acknowledged. */
  readonly lagMs: number
  /** Refused and not since accepted. */
  readonly rejected: readonly Rejection[]
}
