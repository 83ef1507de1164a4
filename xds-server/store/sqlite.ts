/**
 * The store on one SQLite file, for the laptop and the all-in-one: every acknowledged write survives kill -9 and power
 * loss, one process owns the file, and a damaged file is refused at start (`DatabaseError`).
 * Never trims the present revision, never rewrites an old one, and never tells a watcher of a write that is not durable.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import { defaultPolicy } from '../policy/defaults.ts'
import { openDatabase, transaction } from './database.ts'
import type {
  AnyWrite,
  Batch,
  DocumentName,
  Documents,
  Meta,
  RevisionInfo,
  Saved,
  SavedAll,
  Store,
  Versioned,
  Write,
} from './model.ts'

/** Revisions kept of each document. Past it the oldest are forgotten: a conflict based on one shows no base. */
export const maxRevisions = 1_000
/** Bytes of JSON kept of each document's revisions, whatever their number: long rule lists must not fill the disk. */
export const maxHistoryBytes = 64 * 1024 * 1024

export type SqliteStore = Store & Batch & Meta
export type SqliteStoreOptions = {
  /** A file, or `:memory:`. */
  readonly path: string
  /** Epoch milliseconds. */
  readonly now: () => number
  /** A watcher that throws loses nothing but its own call; here is where that is heard of. */
  readonly onWatcherError: (error: unknown) => void
}

const schema = `
  CREATE TABLE revisions (
    document TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at TEXT NOT NULL,
    author TEXT NOT NULL,
    summary TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (document, revision)
  ) STRICT;
  CREATE TABLE heads (
    document TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    FOREIGN KEY (document, revision) REFERENCES revisions (document, revision)
  ) STRICT;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`

const statements = {
  head: `SELECT document, revision, value FROM heads JOIN revisions USING (document, revision)`,
  insert: `INSERT INTO revisions (document, revision, at, author, summary, bytes, value) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  move: `INSERT INTO heads (document, revision) VALUES (?, ?)
         ON CONFLICT (document) DO UPDATE SET revision = excluded.revision`,
  trim: `DELETE FROM revisions WHERE document = ?1 AND revision < ?2 AND revision <= (
           SELECT coalesce(max(revision), 0) FROM (
             SELECT revision, row_number() OVER newest AS place, sum(bytes) OVER newest AS total
             FROM revisions WHERE document = ?1 WINDOW newest AS (ORDER BY revision DESC)
           ) WHERE place > ?3 OR total > ?4)`,
  history: `SELECT document, revision, at, author, summary FROM revisions
            WHERE document = ? ORDER BY revision DESC LIMIT ?`,
  at: `SELECT value FROM revisions WHERE document = ? AND revision = ?`,
  getMeta: `SELECT value FROM meta WHERE key = ?`,
  setMeta: `INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
} as const

type Statements = Readonly<Record<keyof typeof statements, StatementSync>>
type Heads = { [K in DocumentName]: Versioned<Documents[K]> }
type Change = { readonly document: DocumentName; readonly revision: number }
type Listener = (change: Change) => void

/** Throws `DatabaseError` when the file is damaged, locked by another process, or made by a newer Postern. */
export function openStore(options: SqliteStoreOptions): SqliteStore {
  const database = openDatabase({
    path: options.path,
    schemaVersion: 1,
    schema,
    seed: (fresh) => seedDocuments(fresh, options),
    // Policy writes are rare and are what people can not make again: 0.24 ms of fsync each is cheap.
    durability: 'power-loss',
  })
  return new OpenStore(database, options)
}

class OpenStore implements SqliteStore {
  readonly #database: DatabaseSync
  readonly #statements: Statements
  readonly #options: SqliteStoreOptions
  readonly #heads: Heads
  readonly #listeners = new Set<Listener>()
  readonly #untold: Change[] = []
  #telling = false

  constructor(database: DatabaseSync, options: SqliteStoreOptions) {
    this.#database = database
    this.#options = options
    this.#statements = prepare(database)
    this.#heads = readHeads(this.#statements)
  }

  read<K extends DocumentName>(document: K): Versioned<Documents[K]> {
    return this.#heads[document] as Versioned<Documents[K]>
  }

  write<K extends DocumentName>(write: Write<K>): Saved<Documents[K]> {
    const done = this.writeAll([write as AnyWrite])
    if (done.ok) return { ok: true, saved: this.read(write.document) }
    return { ok: false, current: this.read(write.document), base: this.at(write.document, write.base) }
  }

  writeAll(writes: readonly AnyWrite[]): SavedAll {
    const changed = writes
      .map(canonical)
      .filter((write) => !isDeepStrictEqual(write.value, this.#value(write.document)))
    const stale = changed.find((write) => write.base !== this.#heads[write.document].revision)
    if (stale !== undefined) return { ok: false, document: stale.document, ...this.#conflict(stale) }
    if (changed.length > 0) this.#commit(changed)
    return { ok: true, revisions: Object.fromEntries(writes.map((w) => [w.document, this.read(w.document).revision])) }
  }

  history(document: DocumentName, limit: number): readonly RevisionInfo[] {
    return this.#statements.history.all(document, limit).map((row) => ({ ...row }) as RevisionInfo)
  }

  at<K extends DocumentName>(document: K, revision: number): Documents[K] | undefined {
    const row = this.#statements.at.get(document, revision)
    return row === undefined ? undefined : (JSON.parse(String(row.value)) as Documents[K])
  }

  watch(listener: Listener): () => void {
    const own: Listener = (change) => listener(change)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  getMeta(key: string): string | undefined {
    const row = this.#statements.getMeta.get(key)
    return row === undefined ? undefined : String(row.value)
  }

  setMeta(key: string, value: string): void {
    this.#statements.setMeta.run(key, value)
  }

  close(): void {
    this.#listeners.clear()
    this.#database.close()
  }

  #value(document: DocumentName): unknown {
    return this.#heads[document].value
  }

  #conflict({ document, base }: AnyWrite) {
    return { current: this.read(document), base: this.at(document, base) }
  }

  #commit(writes: readonly AnyWrite[]): void {
    const saved = transaction(this.#database, () =>
      writes.map((write) => save(this.#statements, write, this.#options.now())),
    )
    for (const { document, ...head } of saved) {
      Object.assign(this.#heads, { [document]: head })
      this.#untold.push({ document, revision: head.revision })
    }
    this.#tell()
  }

  /** In the order of the commits, also when a watcher writes. */
  #tell(): void {
    if (this.#telling) return
    this.#telling = true
    for (let change = this.#untold.shift(); change !== undefined; change = this.#untold.shift()) {
      for (const listener of this.#listeners) this.#call(listener, change)
    }
    this.#telling = false
  }

  #call(listener: Listener, change: Change): void {
    try {
      listener(change)
    } catch (error) {
      this.#options.onWatcherError(error)
    }
  }
}

/** What will be read back: what JSON does not carry must not look like a change. */
function canonical<W extends AnyWrite>(write: W): W {
  return { ...write, value: JSON.parse(JSON.stringify(write.value)) }
}

type NewRevision = Versioned<Documents[DocumentName]> & { readonly document: DocumentName }

function save(sql: Statements, write: AnyWrite, now: number): NewRevision {
  const { document, value, author, summary } = write
  const revision = write.base + 1
  const json = JSON.stringify(value)
  sql.insert.run(document, revision, new Date(now).toISOString(), author, summary, Buffer.byteLength(json), json)
  sql.move.run(document, revision)
  sql.trim.run(document, revision, maxRevisions, maxHistoryBytes)
  return { document, revision, value }
}

/** The first start writes revision 1 of each document. */
function seedDocuments(database: DatabaseSync, { now }: SqliteStoreOptions): void {
  const sql = prepare(database)
  const documents: Documents = defaultPolicy(new Date(now()).toISOString())
  for (const [document, value] of Object.entries(documents)) {
    save(sql, { document, value, base: 0, author: 'postern', summary: 'first start' } as AnyWrite, now())
  }
}

function prepare(database: DatabaseSync): Statements {
  const entries = Object.entries(statements).map(([name, sql]) => [name, database.prepare(sql)])
  return Object.fromEntries(entries) as Statements
}

function readHeads(sql: Statements): Heads {
  const rows = sql.head.all()
  const entries = rows.map((row) => [row.document, { revision: row.revision, value: JSON.parse(String(row.value)) }])
  return Object.fromEntries(entries) as Heads
}
