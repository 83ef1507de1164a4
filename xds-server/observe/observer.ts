/**
 * What the sidecars saw, put together: records in, and out of them conversations, events, hits and learned rules.
 *
 * access log ─► connections ─► judge ─► conversations ─► history (SQLite)
 *                                  ├──► hits
 *                                  ├──► events (violation, mismatch, threat, leak)
 *                                  └──► learner ─► store
 *
 * Promises: a connection counts once, memory is bounded, what is left out is counted. Never decides anything: the
 * sidecars did. Never changes the World: the learner writes to the store like anybody else.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Directory } from '../policy/directory.ts'
import type { RecordedFlow } from '../policy/preview.ts'
import type { DocumentName, Durable, Store, WriteHealth } from '../store/model.ts'
import { additionOf, pendingAddition, placeOf } from './additions.ts'
import { type Clock, systemClock } from './clock.ts'
import { Connections, type Delta } from './connections.ts'
import { Conversations, windowMilliseconds } from './conversations.ts'
import { lastHeartbeat, openObserved, writeHeartbeat } from './database.ts'
import { Events, type NewEvent } from './events.ts'
import { History, spans } from './history.ts'
import { Hits, type RuleHits } from './hits.ts'
import { inspectionEvents, sensorLabel } from './inspection-events.ts'
import { Judge, type Judgement } from './judgement.ts'
import { Learner } from './learner.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import type { AccessRecord, Conversation, Place } from './model.ts'
import { auditEvent, gapEvent, setAsideEvent } from './own-events.ts'
import { PastPolicy } from './past-policy.ts'
import { recordedFlows } from './recorded-flows.ts'
import { violationEvent } from './violations.ts'

export type ObserverOptions = {
  readonly store: Store
  /** File of what was seen, or `:memory:`; another one than the store's. */
  readonly path: string
  /** The present one; a new object for every change. */
  readonly directory: () => Directory
  readonly log: Logger
  readonly registry: Registry
  readonly clock?: Clock
}

export type Observer = Durable & {
  readonly metrics: Metrics
  /** `record` never throws: what can not be written is counted, logged and told by `healthy`. */
  readonly events: Pick<Events, 'record' | 'query' | 'subscribe'>
  readonly accept: (records: readonly AccessRecord[]) => void
  /** Of the last hour, open connections included; or of another time (epoch milliseconds), to the roll-up. */
  readonly conversations: (time?: { readonly since: number; readonly until: number }) => readonly Conversation[]
  /** The last hour's conversations, to be decided again by a draft. */
  readonly recordedFlows: () => readonly RecordedFlow[]
  /** By rule id; `default` counts what no rule matched. */
  readonly hits: () => ReadonlyMap<string, RuleHits>
  /** Writes what is not written yet, and lets go of the file. */
  readonly close: () => void
}

/** How often what is due is done: new rules and event counts wait this long at most. */
export const tickMilliseconds = 300
/** How much counting a kill -9 can lose. */
export const flushMilliseconds = 5_000
const trimMilliseconds = 60_000

/** Throws `DatabaseError` when the file is locked or of a newer Postern; a damaged one is set aside, with an event. */
export function createObserver(options: ObserverOptions): Observer {
  const clock = options.clock ?? systemClock
  const { database, setAside } = openObserved(options.path, clock.now())
  const observer = new Observing(options, clock, database)
  if (setAside !== undefined) observer.events.record(setAsideEvent(setAside, clock.now()))
  return observer
}

class Observing implements Observer {
  readonly metrics: Metrics
  readonly events: Observer['events']
  readonly #events: Events
  readonly #options: ObserverOptions
  readonly #clock: Clock
  readonly #database: DatabaseSync
  readonly #judge: Judge
  readonly #connections: Connections
  readonly #conversations: Conversations
  readonly #history: History
  readonly #hits: Hits
  readonly #learner: Learner
  readonly #stops: readonly (() => void)[]
  /** Why something could not be written since the last flush that wrote everything. */
  #failure: string | undefined

  constructor(options: ObserverOptions, clock: Clock, database: DatabaseSync) {
    const { log, registry, directory } = options
    const { now } = clock
    const metrics = createMetrics(registry)
    this.#options = options
    this.#clock = clock
    this.#database = database
    this.metrics = metrics
    const onSubscriberError = (error: unknown) => log.error({ err: error }, 'an event subscriber failed')
    this.#events = new Events({ database, metrics, now, onSubscriberError })
    this.events = {
      record: (event) => this.#record(event),
      query: (filter) => this.#events.query(filter),
      subscribe: (subscriber) => this.#events.subscribe(subscriber),
    }
    const past = new PastPolicy(options)
    this.#judge = new Judge({ directory, past, metrics, log, now })
    this.#connections = new Connections({
      startedAt: now(),
      onDelta: (delta) => this.#count(delta),
      onEvicted: () => metrics.evicted.inc(),
    })
    this.#conversations = new Conversations({ metrics, now })
    this.#history = new History({ database, metrics, now, onFailed: (error) => this.#failed('history', error) })
    this.#hits = new Hits(database)
    this.#learner = new Learner({ ...options, metrics, now, onEvent: (event) => this.#record(event) })
    this.#restore()
    this.#stops = [
      options.store.watch(({ document }) => this.#guard('audit', () => this.#audit(document))),
      clock.every(tickMilliseconds, () => this.#guard('tick', () => this.#tick())),
      clock.every(flushMilliseconds, () => this.#guard('flush', () => this.#flush())),
      clock.every(trimMilliseconds, () => this.#guard('trim', () => this.#trim())),
    ]
  }

  accept = (records: readonly AccessRecord[]): void => {
    for (const record of records) this.#connections.accept(record)
  }

  conversations = (time?: { readonly since: number; readonly until: number }): readonly Conversation[] => {
    const now = this.#clock.now()
    const { since, until } = time ?? { since: now - windowMilliseconds, until: now }
    if (since >= now - windowMilliseconds) return this.#conversations.list(since, until, this.#pending(since, until))
    this.#history.flush()
    return this.#history.list(since, until)
  }

  recordedFlows = (): readonly RecordedFlow[] => recordedFlows(this.conversations(), this.#options.directory())

  hits = (): ReadonlyMap<string, RuleHits> => this.#hits.all()

  healthy = (): WriteHealth => ({ ok: this.#failure === undefined, detail: this.#failure ?? 'recording' })

  close = (): void => {
    for (const stop of this.#stops) stop()
    this.#learner.close()
    this.#guard('flush', () => this.#flush())
    this.#guard('events', () => this.#events.flush())
    this.#database.close()
  }

  /** The map is not empty after a restart, and the time nobody listened is told. */
  #restore(): void {
    const now = this.#clock.now()
    for (const rollup of this.#history.rollups(spans[0].length, now - windowMilliseconds, now)) {
      this.#conversations.restore(rollup)
    }
    const gap = gapEvent(lastHeartbeat(this.#database), now)
    if (gap !== undefined) this.#events.record(gap)
    writeHeartbeat(this.#database, now)
  }

  #count(delta: Delta): Place | undefined {
    const { record } = delta
    const judged = this.#judge.judge(record)
    if (judged === 'probe') {
      this.metrics.probes.inc(delta.connections)
      return undefined
    }
    const place = delta.place ?? placeOf(record, judged)
    const addition = additionOf(delta, place, judged)
    this.#history.add(this.#conversations.add(addition), addition.counts)
    this.#hits.add(place.key.rule, record.kind === 'http' ? delta.requests : delta.connections, record.at)
    this.#learner.observe(delta, judged)
    const isNew = delta.connections + delta.requests > 0
    if (isNew && judged.verdict !== 'allow') this.#record(violationEvent(record, judged, this.#options.directory()))
    if (isNew) this.#inspected(record, judged)
    return place
  }

  #inspected(record: AccessRecord, judged: Judgement): void {
    for (const event of inspectionEvents(record, judged)) {
      const { inspection, action = '' } = event
      if (inspection === undefined) this.metrics.uninspected.inc()
      else this.metrics.found.inc({ sensor: sensorLabel(inspection.sensor, this.#options.directory()), action })
      this.#record(event)
    }
  }

  *#pending(since: number, until: number) {
    for (const record of this.#connections.pending()) {
      if (record.at < since || record.startedAt > until) continue
      const judged = this.#judge.judge(record)
      if (judged !== 'probe') yield pendingAddition(record, judged)
    }
  }

  #record(event: NewEvent): void {
    this.#guard('events', () => this.#events.record(event))
  }

  #audit(document: DocumentName): void {
    const [newest] = this.#options.store.history(document, 1)
    if (newest !== undefined) this.#events.record(auditEvent(newest))
  }

  #tick(): void {
    this.#guard('learner', () => this.#learner.tick())
    this.#events.tick()
  }

  /** Always writes something, so it shows whether writing is possible again. */
  #flush(): void {
    this.#failure = undefined
    const now = this.#clock.now()
    this.#connections.sweep(now)
    this.#conversations.expire()
    this.metrics.open.set(this.#connections.size)
    this.#history.flush()
    this.#hits.flush()
    writeHeartbeat(this.#database, now)
  }

  #trim(): void {
    this.#history.trim()
    this.#hits.trim(this.#clock.now())
  }

  /** A full disk must not stop the counting in memory, nor the sidecars' streams. */
  #guard(what: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.metrics.historyLost.inc({ reason: what })
      this.#failed(what, error)
    }
  }

  #failed(what: string, error: unknown): void {
    this.#failure = `${what}: ${(error as Error).message}`
    this.#options.log.error({ err: error, what }, 'what was seen could not be written')
  }
}
