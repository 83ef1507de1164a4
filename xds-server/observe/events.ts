/**
 * What people should know: violations, mismatches, enforcement, audit. Each is stored at once and told to subscribers;
 * equal ones within 2 s are one with a count; a flood is counted in one summary event per kind of it, never dropped in
 * silence. Never merges what differs in anything a reader could act on (port and request included).
 */

import type { DatabaseSync } from 'node:sqlite'
import { type EventFilter, EventStore } from './event-store.ts'
import { addTo, type Limit, remember, type Summary, startSummary, summaryEvent } from './event-summary.ts'
import type { Metrics } from './metrics.ts'
import type { EventKind, PosternEvent } from './model.ts'
import { type Rate, TokenBucket } from './token-bucket.ts'

export type NewEvent = Omit<PosternEvent, 'id' | 'count' | 'lastTime'>

/** Equal events this close to the first of them are one. */
export const mergeMilliseconds = 2_000
/** Of one sort (kind, both groups, rule, action, sensor): a port scan or a path scan makes this many, the rest is a summary. */
export const perSort: Rate = { burst: 30, perSecond: 1 }
/** Of all sorts together; traffic can not use up what audit and enforcement need. */
export const perFamily: Rate = { burst: 300, perSecond: 50 }
/** How often a summary says how many more there were. */
export const summaryMilliseconds = 10_000
/** Sorts remembered at once. Past it everything of a new sort goes into one summary. */
const maxSorts = 5_000
const trimMilliseconds = 60_000

type Family = 'traffic' | 'control'
const families: Readonly<Record<EventKind, Family>> = {
  violation: 'traffic',
  threat: 'traffic',
  leak: 'traffic',
  mismatch: 'traffic',
  enforcement: 'control',
  audit: 'control',
}

/** Requests are traffic, whatever is said of them. */
const familyOf = ({ kind, http }: NewEvent): Family => (http === undefined ? families[kind] : 'traffic')

type Merge = { event: PosternEvent; readonly incidents: Set<string>; dirty: boolean }
export type EventsOptions = {
  readonly database: DatabaseSync
  readonly metrics: Metrics
  /** Epoch milliseconds. */
  readonly now: () => number
  /** A subscriber that throws loses nothing but its own call. */
  readonly onSubscriberError: (error: unknown) => void
}
type Subscriber = (event: PosternEvent) => void

export class Events {
  readonly #options: EventsOptions
  readonly #store: EventStore
  readonly #subscribers = new Set<Subscriber>()
  /** By everything that makes events equal, the oldest first. */
  readonly #merges = new Map<string, Merge>()
  readonly #sorts = new Map<string, TokenBucket>()
  readonly #families: Readonly<Record<Family, TokenBucket>>
  readonly #summaries = new Map<string, Summary>()
  #trimmedAt = 0

  constructor(options: EventsOptions) {
    this.#options = options
    this.#store = new EventStore(options.database)
    const now = options.now()
    this.#families = { traffic: new TokenBucket(perFamily, now), control: new TokenBucket(perFamily, now) }
  }

  /** Stored when this returns, unless it was merged or suppressed: then with the next `tick` after its window. */
  record(event: NewEvent): void {
    const key = mergeKey(event)
    const open = this.#merges.get(key)
    if (open !== undefined && event.time < open.event.time + mergeMilliseconds) merge(open, event)
    else this.#start(key, event)
  }

  /** Newest first. */
  query(filter: EventFilter): readonly PosternEvent[] {
    return this.#store.query(filter)
  }

  /** Called with each new event, and again (same id) when merging changed its count. Answers the unsubscribe. */
  subscribe(subscriber: Subscriber): () => void {
    const own: Subscriber = (event) => subscriber(event)
    this.#subscribers.add(own)
    return () => this.#subscribers.delete(own)
  }

  /** To be called a few times a second: closes what is due, writes summaries, forgets the old. */
  tick(): void {
    const now = this.#options.now()
    for (const [key, open] of this.#merges) {
      if (open.event.time + mergeMilliseconds <= now) this.#close(key, open)
    }
    for (const [key, summary] of this.#summaries) {
      if (summary.since + summaryMilliseconds <= now) this.#summarise(key, summary)
    }
    if (this.#trimmedAt + trimMilliseconds <= now) this.#trim(now)
  }

  /** Writes what is still open. */
  flush(): void {
    for (const [key, open] of this.#merges) this.#close(key, open)
    for (const [key, summary] of this.#summaries) this.#summarise(key, summary)
  }

  #start(key: string, event: NewEvent): void {
    const open = this.#merges.get(key)
    if (open !== undefined) this.#close(key, open)
    const limit = this.#refusal(event)
    if (limit !== undefined) this.#suppress(event, limit)
    else this.#merges.set(key, { event: this.#insert(first(event)), incidents: new Set(), dirty: false })
  }

  #insert(event: Omit<PosternEvent, 'id'>): PosternEvent {
    const stored = this.#store.insert(event)
    this.#options.metrics.events.inc({ kind: event.kind })
    this.#tell(stored)
    return stored
  }

  #close(key: string, open: Merge): void {
    this.#merges.delete(key)
    if (!open.dirty) return
    this.#store.update(open.event, open.incidents)
    this.#tell(open.event)
  }

  /** Which limit refuses it, if one does. */
  #refusal(event: NewEvent): Limit | undefined {
    const now = this.#options.now()
    const sort = sortKey(event)
    const bucket = this.#sorts.get(sort) ?? new TokenBucket(perSort, now)
    if (!this.#sorts.has(sort) && this.#sorts.size >= maxSorts) return 'memory'
    this.#sorts.set(sort, bucket)
    if (!bucket.take(now)) return 'sort'
    return this.#families[familyOf(event)].take(now) ? undefined : 'family'
  }

  #suppress(event: NewEvent, limit: Limit): void {
    this.#options.metrics.suppressed.inc({ kind: event.kind, limit })
    const key = limit === 'sort' ? sortKey(event) : event.kind
    const summary = this.#summaries.get(key) ?? startSummary(event, limit, this.#options.now())
    this.#summaries.set(key, summary)
    addTo(summary, event)
  }

  #summarise(key: string, summary: Summary): void {
    this.#summaries.delete(key)
    const stored = this.#insert(summaryEvent(summary))
    this.#store.update(stored, summary.incidents)
  }

  #trim(now: number): void {
    this.#trimmedAt = now
    this.#store.trim(now)
    for (const [sort, bucket] of this.#sorts) if (bucket.isFull(now)) this.#sorts.delete(sort)
  }

  #tell(event: PosternEvent): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(event)
      } catch (error) {
        this.#options.onSubscriberError(error)
      }
    }
  }
}

const mergeKey = ({ time: _time, incident: _incident, trace: _trace, ...rest }: NewEvent): string =>
  JSON.stringify(rest)

const sortKey = ({ kind, source, destination, rule, action, inspection }: NewEvent): string =>
  JSON.stringify([kind, source?.group, destination?.group, rule, action, inspection?.sensor])

function merge(open: Merge, event: NewEvent): void {
  const { count, lastTime } = open.event
  open.event = { ...open.event, count: count + 1, lastTime: Math.max(lastTime, event.time) }
  open.dirty = true
  remember(open.incidents, event.incident)
}

const first = (event: NewEvent): Omit<PosternEvent, 'id'> => ({ ...event, lastTime: event.time, count: 1 })
