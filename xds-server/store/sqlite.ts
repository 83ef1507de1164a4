/**
 * The store on one SQLite file, for the laptop and the all-in-one: every acknowledged write survives kill -9 and power
 * loss, one process owns the file, and a damaged file is refused at start (`DatabaseError`).
 * Never trims the present revision, never rewrites an old one, and never tells a watcher of a write that is not durable.
 */
import type { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import { openDatabase, transaction } from './database.ts'
import type {
  AnyWrite,
  Batch,
  DocumentName,
  Documents,
  Durable,
  Meta,
  RevisionInfo,
  Saved,
  SavedAll,
  Store,
  Versioned,
  Write,
  WriteHealth,
} from './model.ts'
import { type Heads, prepare, readHeads, type Statements, save, schema, seedDocuments } from './revisions.ts'

export type SqliteStore = Store & Batch & Meta & Durable
export type SqliteStoreOptions = {
  /** A file, or `:memory:`. */
  readonly path: string
  /** Epoch milliseconds. */
  readonly now: () => number
  /** A watcher that throws loses nothing but its own call; here is where that is heard of. */
  readonly onWatcherError: (error: unknown) => void
}

type Change = { readonly document: DocumentName; readonly revision: number }
type Listener = (change: Change) => void

/** Throws `DatabaseError` when the file is damaged, locked by another process, or made by a newer Postern. */
export function openStore(options: SqliteStoreOptions): SqliteStore {
  const database = openDatabase({
    path: options.path,
    schemaVersion: 1,
    schema,
    // Policy writes are rare and are what people can not make again: 0.24 ms of fsync each is cheap.
    durability: 'power-loss',
  })
  try {
    return new OpenStore(database, options)
  } catch (error) {
    database.close()
    throw error
  }
}

class OpenStore implements SqliteStore {
  readonly #database: DatabaseSync
  readonly #statements: Statements
  readonly #options: SqliteStoreOptions
  readonly #heads: Heads
  readonly #listeners = new Set<Listener>()
  readonly #untold: Change[] = []
  #telling = false
  /** Why the last write failed. */
  #failure: string | undefined

  constructor(database: DatabaseSync, options: SqliteStoreOptions) {
    this.#database = database
    this.#options = options
    this.#statements = prepare(database)
    transaction(database, () => seedDocuments(this.#statements, options.now))
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
    this.#written(() => this.#statements.setMeta.run(key, value))
  }

  healthy(): WriteHealth {
    if (!this.#database.isOpen) return { ok: false, detail: 'closed' }
    return { ok: this.#failure === undefined, detail: this.#failure ?? 'open' }
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
    const all = () => writes.map((write) => save(this.#statements, write, this.#options.now()))
    const saved = this.#written(() => transaction(this.#database, all))
    for (const { document, ...head } of saved) {
      Object.assign(this.#heads, { [document]: head })
      this.#untold.push({ document, revision: head.revision })
    }
    this.#tell()
  }

  #written<T>(work: () => T): T {
    try {
      const result = work()
      this.#failure = undefined
      return result
    } catch (error) {
      this.#failure = (error as Error).message
      throw error
    }
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
