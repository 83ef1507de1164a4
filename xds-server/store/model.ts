/**
 * The store of resources: one interface, one contract suite (`contract.ts`), several backends (SQLite here; Kubernetes
 * CRDs later). Every write makes a revision, keeps the old one, and wakes the watchers.
 * Promises: what was acknowledged survives kill -9; a write based on an older revision changes nothing. Never judges what
 * it keeps: whoever writes has had it parsed.
 */
import type { Group, IgnoredFlow, Rule, Settings } from '../policy/model.ts'
import type { DlpSensor, Inspection, WafSensor } from '../policy/sensor.ts'

/** The documents, each with its own revision. `rules` is one document: its order is its meaning. */
export type Documents = {
  readonly groups: readonly Group[]
  readonly rules: readonly Rule[]
  readonly settings: Settings
  readonly ignored: readonly IgnoredFlow[]
  readonly wafSensors: readonly WafSensor[]
  readonly dlpSensors: readonly DlpSensor[]
  readonly inspections: readonly Inspection[]
}
export type DocumentName = keyof Documents

export type Versioned<T> = { readonly revision: number; readonly value: T }

/** Who wrote a revision and when; kept in the history. */
export type RevisionInfo = {
  readonly document: DocumentName
  readonly revision: number
  /** ISO 8601, UTC. */
  readonly at: string
  /** `learner`, `import`, `cli:<user>`, … */
  readonly author: string
  readonly summary: string
}

/** Somebody else saved first. */
type Conflict<T> = { readonly ok: false; readonly current: Versioned<T>; readonly base: T | undefined }
export type Saved<T> = { readonly ok: true; readonly saved: Versioned<T> } | Conflict<T>

export type Write<K extends DocumentName> = {
  readonly document: K
  readonly value: Documents[K]
  /** The revision this was based on; a write based on another one is a conflict. */
  readonly base: number
  readonly author: string
  readonly summary: string
}

export interface Store {
  read<K extends DocumentName>(document: K): Versioned<Documents[K]>
  /** A write equal to what is there makes no revision and answers with the present one. */
  write<K extends DocumentName>(write: Write<K>): Saved<Documents[K]>
  /** Newest first. */
  history(document: DocumentName, limit: number): readonly RevisionInfo[]
  at<K extends DocumentName>(document: K, revision: number): Documents[K] | undefined
  /** Called after each committed write; returns the unsubscribe. */
  watch(listener: (change: { readonly document: DocumentName; readonly revision: number }) => void): () => void
  close(): void
}

export type AnyWrite = { readonly [K in DocumentName]: Write<K> }[DocumentName]
export type SavedAll =
  | { readonly ok: true; readonly revisions: Readonly<Partial<Record<DocumentName, number>>> }
  | (Conflict<Documents[DocumentName]> & { readonly document: DocumentName })

/** A store that can save several documents at once (YAML import). */
export interface Batch {
  /** Each document at most once. All in one transaction, or none: the first conflict is the answer. */
  writeAll(writes: readonly AnyWrite[]): SavedAll
}

/** Small values of the installation (cut revisions, keys' names), not of the policy: no revisions, no watchers. */
export interface Meta {
  getMeta(key: string): string | undefined
  setMeta(key: string, value: string): void
}

/** Whether what was last to be written was written, and if not, why (disk full, closed). */
export type WriteHealth = { readonly ok: boolean; readonly detail: string }
export interface Durable {
  /** Not ok from a write that fails until one succeeds. */
  healthy(): WriteHealth
}
