/**
 * Conversations beyond the hour in memory: roll-ups in SQLite of 5 minutes (kept a day) and of an hour (kept a month),
 * and the hits of each rule. Written every few seconds: a kill loses those seconds of counts and nothing else.
 * Never in the way: what can not be written is counted and left out.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { transaction } from '../store/database.ts'
import type { Edge } from './conversations.ts'
import { addCounts, type Counts, countsOf, noCounts } from './counts.ts'
import { Evidence } from './evidence.ts'
import type { Metrics } from './metrics.ts'
import type { Conversation, ConversationKey } from './model.ts'

const minutes = 60_000
const hours = 60 * minutes
/** Length of a roll-up, and for how long it is kept; the shortest first. */
export const spans = [
  { length: 5 * minutes, kept: 24 * hours },
  { length: hours, kept: 30 * 24 * hours },
] as const
/** Rows of each span, about 500 bytes each. Past it the oldest go. */
export const maxRows = 200_000
/** Conversations that wait for the next write. Past it they are counted in memory only. */
const maxUnwritten = 50_000

export type HistoryOptions = {
  readonly database: DatabaseSync
  readonly metrics: Metrics
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly onFailed: (error: unknown) => void
}

export class History {
  readonly #options: HistoryOptions
  readonly #upsert: StatementSync
  #unwritten = new Map<Edge, Counts>()

  constructor(options: HistoryOptions) {
    this.#options = options
    this.#upsert = options.database.prepare(upsert)
  }

  add(edge: Edge, counts: Readonly<Counts>): void {
    const known = this.#unwritten.has(edge) || this.#unwritten.size < maxUnwritten
    if (known) addCounts(countsOf(this.#unwritten, edge), counts)
    else this.#options.metrics.historyLost.inc({ reason: 'room' })
  }

  /** Writes what was added since the last time, into the roll-ups of now. */
  flush(): void {
    const rows = this.#unwritten
    this.#unwritten = new Map()
    if (rows.size === 0) return
    try {
      transaction(this.#options.database, () => this.#write(rows))
    } catch (error) {
      this.#options.metrics.historyLost.inc({ reason: 'database' }, rows.size)
      this.#options.onFailed(error)
    }
  }

  /** Forgets what is too old or too much. */
  trim(): void {
    const { database, now } = this.#options
    transaction(database, () => {
      for (const { length, kept } of spans) {
        database.prepare('DELETE FROM rollups WHERE span = ? AND start < ?').run(length, now() - kept)
        database.prepare(trimRows).run(length, maxRows)
      }
    })
  }

  /** Roll-ups of one span that began in [since, until], as they are, the oldest first. */
  rollups(length: number, since: number, until: number): readonly Conversation[] {
    const sql = `SELECT * FROM rollups WHERE span = ? AND start BETWEEN ? AND ? ORDER BY start`
    return this.#options.database.prepare(sql).all(length, since, until).map(conversation)
  }

  /** Conversations of a time (epoch milliseconds, to the roll-up), from the shortest roll-ups that reach back so far. */
  list(since: number, until: number): readonly Conversation[] {
    const { length } = spans.find(({ kept }) => since >= this.#options.now() - kept) ?? spans.at(-1)!
    const together = Map.groupBy(this.rollups(length, since - length + 1, until), keyOf)
    return [...together.values()].map(sum)
  }

  #write(rows: ReadonlyMap<Edge, Counts>): void {
    const now = this.#options.now()
    for (const [edge, counts] of rows) {
      for (const { length } of spans) this.#upsert.run(...row(length, now - (now % length), edge, counts))
    }
  }
}

const upsert = `
  INSERT INTO rollups (span, start, key, mode, connections, requests, received, sent, first, last, evidence)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET
    mode = excluded.mode,
    connections = connections + excluded.connections,
    requests = requests + excluded.requests,
    received = received + excluded.received,
    sent = sent + excluded.sent,
    first = min(first, excluded.first),
    last = max(last, excluded.last),
    evidence = excluded.evidence`

/** Whole roll-ups go, so that none is left that says less than what happened. */
const trimRows = `
  DELETE FROM rollups WHERE span = ?1 AND start <= (
    SELECT start FROM rollups WHERE span = ?1 ORDER BY start DESC LIMIT 1 OFFSET ?2)`

const row = (length: number, start: number, { key, mode, evidence }: Edge, c: Counts) =>
  [
    length,
    start,
    keyOf(key),
    mode,
    c.connections,
    c.requests,
    c.bytesReceived,
    c.bytesSent,
    Math.round(c.firstSeen),
    Math.round(c.lastSeen),
    JSON.stringify(evidence.value()),
  ] as const

const keyOf = (k: ConversationKey): string =>
  JSON.stringify([k.source, k.destination, k.protocol, k.port, k.application, k.verdict, k.rule])

function conversation(row: Readonly<Record<string, unknown>>): Conversation {
  const [source, destination, protocol, port, application, verdict, rule] = JSON.parse(String(row.key))
  return {
    ...{ source, destination, protocol, port, application, verdict, rule },
    mode: row.mode as Conversation['mode'],
    connections: Number(row.connections),
    requests: Number(row.requests),
    bytesReceived: Number(row.received),
    bytesSent: Number(row.sent),
    firstSeen: Number(row.first),
    lastSeen: Number(row.last),
    evidence: JSON.parse(String(row.evidence)),
  }
}

/** Of the same conversation, the oldest first. */
function sum(all: readonly Conversation[]): Conversation {
  const [counts, evidence] = [noCounts(), new Evidence()]
  for (const one of all) {
    addCounts(counts, one)
    evidence.follow(one.evidence)
  }
  return { ...all.at(-1)!, ...counts, evidence: evidence.value() }
}
