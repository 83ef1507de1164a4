/**
 * Conversations of the last hour, in memory: which group spoke to which, on which port, in which application, by which
 * rule, with which verdict; counted in buckets of 15 s. Memory is bounded: what is too much is counted under `other`
 * (one for each verdict, so that nothing denied hides in it) and in a metric, never dropped.
 */

import type { Mode } from '../policy/model.ts'
import { addCounts, type Counts, countsOf, noCounts } from './counts.ts'
import { Evidence, type Request } from './evidence.ts'
import type { Metrics } from './metrics.ts'
import type { Conversation, ConversationKey, InspectionOutcome, ObservedVerdict } from './model.ts'

export const bucketMilliseconds = 15_000
export const windowMilliseconds = 3_600_000
/** One more than the window: the present one is never full. */
const bucketCount = windowMilliseconds / bucketMilliseconds + 1
/** Different conversations in the window: 1 KB each, up to 40 KB of one with every kind of request there is. */
export const maxConversations = 10_000
/** Different conversations in one bucket, about 120 bytes each. */
export const maxInBucket = 4_000

/** One conversation as it is remembered: what identifies it, and what does not depend on time. */
export type Edge = {
  readonly key: ConversationKey
  /** The newest. */
  mode: Mode
  readonly evidence: Evidence
  /** Buckets it is in. */
  buckets: number
}

/** What one record adds. */
export type Addition = {
  readonly key: ConversationKey
  readonly mode: Mode
  readonly sourceIp: string
  readonly destinationIp: string
  readonly request: Request | undefined
  readonly inspection?: InspectionOutcome | undefined
  readonly counts: Readonly<Counts>
}

type Bucket = { start: number; readonly counts: Map<Edge, Counts> }

export type ConversationsOptions = { readonly metrics: Metrics; readonly now: () => number }

export class Conversations {
  readonly #options: ConversationsOptions
  readonly #edges = new Map<string, Edge>()
  readonly #others: Readonly<Record<ObservedVerdict, Edge>>
  readonly #buckets: readonly Bucket[]

  constructor(options: ConversationsOptions) {
    this.#options = options
    this.#others = { allow: otherEdge('allow'), violation: otherEdge('violation'), deny: otherEdge('deny') }
    for (const edge of Object.values(this.#others)) this.#edges.set(keyText(edge.key), edge)
    this.#buckets = Array.from({ length: bucketCount }, () => ({ start: -1, counts: new Map() }))
  }

  /** Answers the conversation it was counted under. */
  add({ key, mode, sourceIp, destinationIp, request, inspection, counts }: Addition): Edge {
    const bucket = this.#bucketAt(counts.lastSeen)
    const edge = this.#roomFor(key, bucket) ?? this.#other(key.verdict)
    edge.mode = mode
    edge.evidence.peers(sourceIp, destinationIp)
    if (request !== undefined) edge.evidence.request(request)
    if (inspection !== undefined) edge.evidence.inspected(inspection)
    count(bucket, edge, counts)
    return edge
  }

  /** What an earlier process counted; it goes into the bucket of its `lastSeen`. */
  restore(conversation: Conversation): void {
    const { key, evidence, mode, counts } = apart(conversation)
    const bucket = this.#bucketAt(counts.lastSeen)
    const edge = this.#roomFor(key, bucket) ?? this.#other(key.verdict)
    edge.mode = mode
    edge.evidence.follow(evidence)
    count(bucket, edge, counts)
  }

  /** Counted within the window (epoch milliseconds, to the bucket), and what is added to them for this answer only. */
  list(since: number, until: number, additions: Iterable<Addition>): readonly Conversation[] {
    const totals = new Map<Edge, Counts>()
    for (const bucket of this.#buckets) {
      if (bucket.start + bucketMilliseconds <= since || bucket.start > until || this.#isOver(bucket)) continue
      for (const [edge, counts] of bucket.counts) addCounts(countsOf(totals, edge), counts)
    }
    this.#preview(totals, additions)
    return [...totals].map(([edge, counts]) => together(edge, counts))
  }

  /** Forgets buckets that have left the window. */
  expire(): void {
    for (const bucket of this.#buckets) if (this.#isOver(bucket)) this.#clear(bucket, -1)
    this.#options.metrics.conversations.set(this.#edges.size)
  }

  get size(): number {
    return this.#edges.size
  }

  #isOver(bucket: Bucket): boolean {
    return bucket.start <= this.#options.now() - windowMilliseconds - bucketMilliseconds
  }

  /** The conversation, known or new, or undefined where a bound does not let it in. */
  #roomFor(key: ConversationKey, bucket: Bucket): Edge | undefined {
    const text = keyText(key)
    const known = this.#edges.get(text)
    if (known !== undefined && bucket.counts.has(known)) return known
    if (bucket.counts.size >= maxInBucket) return undefined
    if (known !== undefined) return known
    if (this.#edges.size >= maxConversations) return undefined
    const edge: Edge = { key, mode: 'discover', evidence: new Evidence(), buckets: 0 }
    this.#edges.set(text, edge)
    return edge
  }

  #other(verdict: ObservedVerdict): Edge {
    this.#options.metrics.other.inc()
    return this.#others[verdict]
  }

  #bucketAt(at: number): Bucket {
    const number = Math.floor(at / bucketMilliseconds)
    const bucket = this.#buckets[number % bucketCount]!
    const start = number * bucketMilliseconds
    // A time before the window (a clock that was set back) is counted in what took its place.
    if (bucket.start < start) this.#clear(bucket, start)
    return bucket
  }

  #clear(bucket: Bucket, start: number): void {
    for (const edge of bucket.counts.keys()) {
      edge.buckets -= 1
      if (edge.buckets === 0) this.#edges.delete(keyText(edge.key))
    }
    bucket.counts.clear()
    bucket.start = start
  }

  /** Additions of conversations that are not known do not become known by being asked for. */
  #preview(totals: Map<Edge, Counts>, additions: Iterable<Addition>): void {
    const fresh = new Map<string, Edge>()
    for (const addition of additions) {
      const text = keyText(addition.key)
      const edge = this.#edges.get(text) ?? fresh.get(text) ?? previewEdge(addition)
      fresh.set(text, edge)
      addCounts(countsOf(totals, edge), addition.counts)
    }
  }
}

function count(bucket: Bucket, edge: Edge, counts: Readonly<Counts>): void {
  if (!bucket.counts.has(edge)) edge.buckets += 1
  addCounts(countsOf(bucket.counts, edge), counts)
}

/** Group and rule names have no line breaks. */
const keyText = (k: ConversationKey): string =>
  `${k.protocol} ${k.port} ${k.application} ${k.verdict}\n${k.source}\n${k.destination}\n${k.rule}`

/** Name of both ends, the application and the rule of what was too much to tell apart. */
export const otherName = 'other'
const otherEdge = (verdict: ObservedVerdict): Edge => ({
  key: {
    source: otherName,
    destination: otherName,
    protocol: 'tcp',
    port: 0,
    application: otherName,
    verdict,
    rule: otherName,
  },
  mode: 'discover',
  evidence: new Evidence(),
  // One more than there are: it is never forgotten.
  buckets: 1,
})

function previewEdge({ key, mode, sourceIp, destinationIp }: Addition): Edge {
  const evidence = new Evidence()
  evidence.peers(sourceIp, destinationIp)
  return { key, mode, evidence, buckets: 0 }
}

const together = ({ key, mode, evidence }: Edge, counts: Counts): Conversation => ({
  ...key,
  mode,
  ...counts,
  evidence: evidence.value(),
})

/** The parts that `together` joins. */
function apart(c: Conversation) {
  const { source, destination, protocol, port, application, verdict, rule, mode, evidence, ...rest } = c
  const key: ConversationKey = { source, destination, protocol, port, application, verdict, rule }
  return { key, mode, evidence, counts: { ...noCounts(), ...rest } }
}
