/** Events in SQLite: increasing ids, queries, incidents; bounded by count and age. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { transaction } from '../store/database.ts'
import type { EventKind, PosternEvent, Severity } from './model.ts'

/** About 1 KB each. Past it the oldest go. */
export const maxEvents = 100_000
export const maxEventAgeMilliseconds = 30 * 24 * 3_600_000
/** Incident ids that can still be looked up. Past it the oldest go; their events may stay. */
export const maxIncidents = 200_000

/** All given parts must fit; the answer is newest first. */
export type EventFilter = {
  readonly kind?: EventKind | undefined
  readonly severity?: Severity | undefined
  /** Either end. */
  readonly group?: string | undefined
  readonly rule?: string | undefined
  readonly incident?: string | undefined
  /** Epoch milliseconds, both included. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Ids, both excluded: the next page, and what came since. */
  readonly before?: number | undefined
  readonly after?: number | undefined
  readonly limit: number
}

const conditions: Readonly<Record<Exclude<keyof EventFilter, 'limit'>, string>> = {
  kind: 'kind = :kind',
  severity: 'severity = :severity',
  group: '(source = :group OR destination = :group)',
  rule: 'rule = :rule',
  incident: 'id IN (SELECT event FROM incidents WHERE incident = :incident)',
  since: 'time >= :since',
  until: 'time <= :until',
  before: 'id < :before',
  after: 'id > :after',
}

export class EventStore {
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #update: StatementSync
  readonly #incident: StatementSync
  constructor(database: DatabaseSync) {
    this.#database = database
    this.#insert = database.prepare(
      'INSERT INTO events (kind, severity, time, source, destination, rule, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#update = database.prepare('UPDATE events SET body = ? WHERE id = ?')
    // An incident of an event that was trimmed meanwhile refers to nothing: leave it out.
    this.#incident = database.prepare(
      'INSERT OR IGNORE INTO incidents (incident, event) SELECT ?1, id FROM events WHERE id = ?2',
    )
  }

  insert(event: Omit<PosternEvent, 'id'>): PosternEvent {
    const { kind, severity, time, source, destination, rule } = event
    const ends = [source?.group ?? null, destination?.group ?? null, rule ?? null] as const
    const { lastInsertRowid } = this.#insert.run(kind, severity, time, ...ends, JSON.stringify(event))
    const id = Number(lastInsertRowid)
    if (event.incident !== undefined) this.#incident.run(event.incident, id)
    return { id, ...event }
  }

  /** What merging added: count, last time, the other incidents. */
  update({ id, ...event }: PosternEvent, incidents: Iterable<string>): void {
    transaction(this.#database, () => {
      this.#update.run(JSON.stringify(event), id)
      for (const incident of incidents) this.#incident.run(incident, id)
    })
  }

  query({ limit, ...filter }: EventFilter): readonly PosternEvent[] {
    const given = Object.entries(filter).filter(([, value]) => value !== undefined)
    const where = given.map(([name]) => conditions[name as keyof typeof conditions]).join(' AND ') || 'TRUE'
    const rows = this.#database
      .prepare(`SELECT id, body FROM events WHERE ${where} ORDER BY id DESC LIMIT :limit`)
      .all({ ...(Object.fromEntries(given) as Record<string, string | number>), limit })
    return rows.map(({ id, body }) => ({ id, ...JSON.parse(String(body)) }) as PosternEvent)
  }

  trim(now: number): void {
    transaction(this.#database, () => {
      this.#database.prepare('DELETE FROM events WHERE time < ?').run(now - maxEventAgeMilliseconds)
      this.#database.prepare(beyond('events')).run(maxEvents)
      this.#database.prepare(beyond('incidents')).run(maxIncidents)
    })
  }
}

/** Ids only grow, so what is older than the n-th newest is what has a lower id. */
const beyond = (table: 'events' | 'incidents'): string =>
  `DELETE FROM ${table} WHERE id <= (SELECT id FROM ${table} ORDER BY id DESC LIMIT 1 OFFSET ?)`
