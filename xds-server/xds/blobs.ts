/** Encoded resources by content: the same resource of a thousand classes is encoded once and kept once. */
import { createHash } from 'node:crypto'
import type { Message, Resource, ResourceType } from '../compile/model.ts'
import { EncodingError, encode } from '../envoy/encode.ts'
import { messageOf } from './resource-types.ts'
import { isSame } from './same.ts'

/** Whether an Envoy took it. `untested` blobs go to a canary first (gate.ts). */
type Verdict =
  | { readonly kind: 'untested' }
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'refused'
      readonly message: string /** Workload id. */
      readonly node: string
      readonly at: number
    }

/** One encoded resource. Compared by identity: the store makes one per content. */
export type Blob = {
  readonly type: ResourceType
  readonly name: string
  /** Hash of the encoded bytes: replicas of the control plane agree on it without talking. */
  readonly version: string
  readonly value: Uint8Array
  /** What it was encoded from, for comparison. */
  readonly body: Message
  /** Ids of the rules it carries, of the newest snapshot that holds it. */
  rules: readonly string[]
  verdict: Verdict
}

/** 64 bits: a collision would need 4 billion versions of one resource name. */
const versionHexDigits = 16

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, versionHexDigits)
const keyOf = (type: ResourceType, name: string, version: string) => `${type} ${name} ${version}`

function encodeBody({ type, body }: Resource): Uint8Array {
  const { '@type': stated, ...fields } = body
  const expected = messageOf(type)
  if (stated !== undefined && stated !== expected && stated !== `type.googleapis.com/${expected}`)
    throw new EncodingError('@type', `must be ${expected}`)
  return encode(expected, fields)
}

/** A resource that has no encoding: quarantined from the start, and its version is of what was wrong. */
function unencodable(resource: Resource, problem: EncodingError, at: number): Blob {
  const verdict: Verdict = { kind: 'refused', message: problem.message, node: '', at }
  return { ...resource, version: hash(Buffer.from(problem.message)), value: new Uint8Array(), verdict }
}

/** Refused before any Envoy saw it. */
export const isUnencodable = ({ verdict }: Blob): boolean => verdict.kind === 'refused' && verdict.node === ''

export type BlobStore = {
  /**
   * The blob of this resource. Encodes only what it has not seen, by identity of the body, and what is not the same as
   * `previous`, the blob of that name so far. Not kept until `retain`.
   */
  intern(resource: Resource, previous: Blob | undefined): Blob
  /** Once for each class that wants it. */
  retain(blob: Blob): void
  release(blob: Blob): void
  /** Blobs somebody retains. */
  size(): number
  /** Retained blobs whose verdict is `refused`. */
  refused(): readonly Blob[]
}

export function createBlobStore(now: () => number): BlobStore {
  const byContent = new Map<string, Blob>()
  const users = new Map<Blob, number>()
  const byBody = new WeakMap<Message, Blob>()

  const make = (resource: Resource): Blob => {
    try {
      const value = encodeBody(resource)
      return { ...resource, version: hash(value), value, verdict: { kind: 'untested' } }
    } catch (error) {
      if (error instanceof EncodingError) return unencodable(resource, error, now())
      throw error
    }
  }
  const seen = (resource: Resource, previous: Blob | undefined): Blob | undefined => {
    const cached = byBody.get(resource.body)
    if (cached?.type === resource.type && cached.name === resource.name) return cached
    return previous && isSame(previous.body, resource.body) ? previous : undefined
  }

  return {
    intern(resource, previous) {
      const made = seen(resource, previous) ?? make(resource)
      const blob = byContent.get(keyOf(made.type, made.name, made.version)) ?? made
      blob.rules = resource.rules
      byBody.set(resource.body, blob)
      return blob
    },
    retain(blob) {
      byContent.set(keyOf(blob.type, blob.name, blob.version), blob)
      users.set(blob, (users.get(blob) ?? 0) + 1)
    },
    release(blob) {
      const left = (users.get(blob) ?? 0) - 1
      if (left > 0) return void users.set(blob, left)
      users.delete(blob)
      byContent.delete(keyOf(blob.type, blob.name, blob.version))
    },
    size: () => users.size,
    refused: () => [...users.keys()].filter((blob) => blob.verdict.kind === 'refused'),
  }
}
