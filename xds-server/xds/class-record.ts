/** What the sidecars of a class are to have (`desired`), and what they may have so far (`served`). */
import { createHash } from 'node:crypto'
import { type ClassSnapshot, type ResourceType, resourceTypes } from '../compile/model.ts'
import type { Blob, BlobStore } from './blobs.ts'
import type { Sidecar } from './sidecar.ts'

export type Catalogue = Readonly<Record<ResourceType, Map<string, Blob>>>
type NamesByType = Readonly<Record<ResourceType, Set<string>>>

export type ClassRecord = {
  readonly key: string
  /** The newest snapshot, for comparison by identity. */
  snapshot: ClassSnapshot | undefined
  /** Hash of the desired names and versions. */
  version: string
  desired: Catalogue
  /** Only blobs that an Envoy took: the last good of every name. */
  readonly served: Catalogue
  /** Desired, not served, not refused. */
  readonly behind: NamesByType
  /** Not desired any more, and served (or with a canary): removed when nothing is behind. */
  readonly leaving: NamesByType
  /** Connected sidecars of the class by their Envoy's version. */
  readonly sidecars: Map<string, Set<Sidecar>>
  /** A canary has something of this class to answer. */
  isTesting: boolean
}

const catalogue = (): Catalogue => ({ cluster: new Map(), extension: new Map(), listener: new Map() })
const noNames = (): NamesByType => ({ cluster: new Set(), extension: new Set(), listener: new Set() })

export const newClassRecord = (key: string): ClassRecord => ({
  key,
  snapshot: undefined,
  version: '',
  desired: catalogue(),
  served: catalogue(),
  behind: noNames(),
  leaving: noNames(),
  sidecars: new Map(),
  isTesting: false,
})

export function* sidecarsOf(record: ClassRecord): Iterable<Sidecar> {
  for (const group of record.sidecars.values()) yield* group
}

function versionOf(desired: Catalogue): string {
  const hash = createHash('sha256')
  for (const type of resourceTypes)
    for (const blob of desired[type].values()) hash.update(`${type} ${blob.name} ${blob.version}\n`)
  return hash.digest('hex').slice(0, 16)
}

/** The new blob of a name: served at once where it is what is served, else behind. */
function want(record: ClassRecord, blob: Blob): void {
  const { type, name } = blob
  record.leaving[type].delete(name)
  if (record.served[type].get(name)?.version === blob.version) {
    blob.verdict = { kind: 'accepted' }
    record.served[type].set(name, blob)
    record.behind[type].delete(name)
  } else record.behind[type].add(name)
}

function unwant(record: ClassRecord, blob: Blob): void {
  record.behind[blob.type].delete(blob.name)
  record.leaving[blob.type].add(blob.name)
}

/** Takes a new snapshot. Returns the blobs that changed, old and new; none where the content is the same. */
export function adopt(record: ClassRecord, snapshot: ClassSnapshot, blobs: BlobStore): readonly Blob[] {
  if (record.snapshot === snapshot) return []
  record.snapshot = snapshot
  const before = record.desired
  const desired = catalogue()
  const changed: Blob[] = []
  for (const resource of snapshot.resources) {
    const blob = blobs.intern(resource, before[resource.type].get(resource.name))
    desired[blob.type].set(blob.name, blob)
    if (before[blob.type].get(blob.name) === blob) continue
    blobs.retain(blob)
    want(record, blob)
    changed.push(blob)
  }
  record.desired = desired
  changed.push(...released(record, before, blobs))
  if (changed.length > 0) record.version = versionOf(desired)
  return changed
}

/** Lets go of what the new snapshot has not. */
function released(record: ClassRecord, before: Catalogue, blobs: BlobStore): readonly Blob[] {
  const gone = resourceTypes.flatMap((type) =>
    [...before[type].values()].filter((blob) => record.desired[type].get(blob.name) !== blob),
  )
  for (const blob of gone) {
    blobs.release(blob)
    if (!record.desired[blob.type].has(blob.name)) unwant(record, blob)
  }
  return gone
}

/** The class is no more. */
export function dissolve(record: ClassRecord, blobs: BlobStore): void {
  for (const type of resourceTypes) for (const blob of record.desired[type].values()) blobs.release(blob)
}
