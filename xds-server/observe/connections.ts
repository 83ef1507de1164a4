/**
 * Joins the records of one stream (start, connected, periodic, end) into what each adds: a connection counts once, its
 * bytes once, and it counts as soon as its verdict is known, not when it ends.
 * A connection that is open but not judged yet (no byte sent, or a protocol where the server speaks first) is `pending`:
 * visible, but not counted under a key that may turn out wrong. Once judged it stays where it was counted, whatever
 * becomes of the policy: its sidecar does not judge it again. Never counts twice what it may have counted before:
 * after a restart or an eviction it rather counts too little.
 */
import type { AccessRecord, Place } from './model.ts'

/** What a record adds to what was counted before. */
export type Delta = {
  /** With the connection's application and server name where the record itself did not know them. */
  readonly record: AccessRecord
  readonly connections: 0 | 1
  readonly requests: 0 | 1
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Where the connection was counted before, once it was judged: there it stays. */
  readonly place: Place | undefined
}

export type ConnectionsOptions = {
  /** Streams began before this (epoch milliseconds) may have been counted by an earlier process. */
  readonly startedAt: number
  /** Answers where it was counted. */
  readonly onDelta: (delta: Delta) => Place | undefined
  /** An open connection was forgotten to stay within the bound. */
  readonly onEvicted: () => void
  readonly maxOpen?: number
}

/** Open connections remembered, about 600 bytes each. Past it the longest silent one is forgotten. */
const maxOpenConnections = 100_000
/** Silence after which a connection's end is taken as lost (its sidecar died): at least five periodic records. */
export const openSilenceMilliseconds = 5 * 60_000
/** A client port seen again on HTTP after this silence is a new connection. */
const httpSilenceMilliseconds = 5 * 60_000

type Open = {
  record: AccessRecord
  counted: boolean
  bytesReceived: number
  bytesSent: number
  place: Place | undefined
}

export class Connections {
  readonly #options: ConnectionsOptions
  readonly #maxOpen: number
  /** By node and stream, the longest silent first. */
  readonly #open = new Map<string, Open>()
  /** By node and the connection's two ends → when last seen, the longest silent first. */
  readonly #http = new Map<string, number>()
  /** Unknown streams that began at or before this may have been counted. */
  #horizon: number

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#maxOpen = options.maxOpen ?? maxOpenConnections
    this.#horizon = options.startedAt
  }

  accept(record: AccessRecord): void {
    if (record.kind === 'http') this.#request(record)
    else this.#connection(record)
  }

  /** Open and not counted yet: their latest records. */
  *pending(): Iterable<AccessRecord> {
    for (const open of this.#open.values()) if (!open.counted) yield open.record
  }

  get size(): number {
    return this.#open.size
  }

  /** Forgets what has been silent for too long: what was pending is counted as it is. */
  sweep(now: number): void {
    for (const [key, open] of this.#open) {
      if (open.record.at > now - openSilenceMilliseconds) break
      this.#forget(key, open)
    }
    for (const [key, at] of this.#http) {
      if (at > now - httpSilenceMilliseconds) break
      this.#http.delete(key)
    }
  }

  #request(record: AccessRecord): void {
    const key = `${record.node} ${record.source.ip} ${record.source.port} ${record.destination.ip} ${record.destination.port}`
    const before = this.#http.get(key)
    this.#http.delete(key)
    this.#http.set(key, record.at)
    if (this.#http.size > this.#maxOpen) this.#http.delete(first(this.#http)!)
    const known = before !== undefined && before > record.startedAt - httpSilenceMilliseconds
    const { bytesReceived, bytesSent } = record
    const connections = known ? 0 : 1
    this.#options.onDelta({ record, connections, requests: 1, bytesReceived, bytesSent, place: undefined })
  }

  #connection(record: AccessRecord): void {
    const key = `${record.node} ${record.stream}`
    const before = this.#open.get(key)
    const open = before ?? this.#opened(record)
    open.record = merged(open.record, record)
    this.#open.delete(key)
    if (open.counted || isJudged(open.record)) this.#count(open)
    if (record.phase !== 'end') this.#remember(key, open)
  }

  #opened(record: AccessRecord): Open {
    if (record.startedAt > this.#horizon || record.phase === 'start') {
      return { record, counted: false, bytesReceived: 0, bytesSent: 0, place: undefined }
    }
    const { bytesReceived, bytesSent } = record
    return { record, counted: true, bytesReceived, bytesSent, place: undefined }
  }

  #count(open: Open): void {
    const { record, place } = open
    const bytesReceived = Math.max(0, record.bytesReceived - open.bytesReceived)
    const bytesSent = Math.max(0, record.bytesSent - open.bytesSent)
    const connections = open.counted ? 0 : 1
    Object.assign(open, { counted: true, bytesReceived: record.bytesReceived, bytesSent: record.bytesSent })
    const counted = this.#options.onDelta({ record, connections, requests: 0, bytesReceived, bytesSent, place })
    if (isJudged(record)) open.place = counted
  }

  #remember(key: string, open: Open): void {
    this.#open.set(key, open)
    if (this.#open.size <= this.#maxOpen) return
    const oldest = first(this.#open)!
    this.#options.onEvicted()
    this.#forget(oldest, this.#open.get(oldest)!)
  }

  #forget(key: string, open: Open): void {
    this.#open.delete(key)
    if (!open.counted) this.#count(open)
    this.#horizon = Math.max(this.#horizon, open.record.startedAt)
  }
}

const first = <K>(map: ReadonlyMap<K, unknown>): K | undefined => map.keys().next().value

/** The newer record, with what only the earlier ones knew. */
function merged(before: AccessRecord, record: AccessRecord): AccessRecord {
  if (before === record) return record
  return {
    ...record,
    application: record.application ?? before.application,
    serverName: record.serverName ?? before.serverName,
    enforced: record.enforced ?? before.enforced,
    shadow: record.shadow ?? before.shadow,
  }
}

/** Nothing about its verdict will change any more. */
const isJudged = (record: AccessRecord): boolean =>
  record.phase === 'end' ||
  record.shadow !== undefined ||
  record.enforced !== undefined ||
  record.denyChain ||
  record.greetingRefused
