/**
 * Opens an SQLite file the way every file of ours is opened: checked, owned by one process, at a schema we know.
 * Never repairs and never deletes: a file that is not sound is refused with the reason.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** `corrupt`: the integrity check found damage. `locked`: another process has it. `version`: a newer Postern made it. */
export type DatabaseErrorCode = 'corrupt' | 'locked' | 'version' | 'unusable'

/** Why a database file was refused; `cause` keeps SQLite's own error. */
export class DatabaseError extends Error {
  readonly code: DatabaseErrorCode
  readonly path: string
  constructor(code: DatabaseErrorCode, path: string, message: string, cause?: unknown) {
    super(`${path}: ${message}`, { cause })
    this.name = 'DatabaseError'
    this.code = code
    this.path = path
  }
}

export type DatabaseOptions = {
  /** A file (its folder is made), or `:memory:`. */
  readonly path: string
  /** Kept in the file (`user_version`); a file with a higher one is refused. */
  readonly schemaVersion: number
  /** SQL that makes an empty file ready; runs once, in one transaction. */
  readonly schema: string
  /**
   * `power-loss`: fsync at each commit (0.24 ms here). `kill`: a commit survives kill -9, the last ones may be lost when
   * the machine loses power (0.02 ms); the file is sound after either.
   */
  readonly durability: 'power-loss' | 'kill'
}

/** How long to wait for a process that is just ending to let go of the file. */
const lockWaitMilliseconds = 2_000

const synchronous: Record<DatabaseOptions['durability'], string> = { 'power-loss': 'FULL', kill: 'NORMAL' }

/** Throws `DatabaseError`. The file stays locked by this process until it is closed or the process dies. */
export function openDatabase(options: DatabaseOptions): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    if (options.path !== ':memory:') mkdirSync(dirname(options.path), { recursive: true })
    database = new DatabaseSync(options.path, { timeout: lockWaitMilliseconds })
    configure(database, options)
    check(database, options.path)
    migrate(database, options)
    return database
  } catch (error) {
    database?.close()
    throw asDatabaseError(error, options.path)
  }
}

/** Runs `work` in one write transaction: all of it, or (when it throws) nothing. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function configure(database: DatabaseSync, options: DatabaseOptions): void {
  // EXCLUSIVE: two control planes on one file would not see each other's writes; the second is refused instead.
  database.exec('PRAGMA locking_mode = EXCLUSIVE')
  database.exec('PRAGMA journal_mode = WAL')
  database.exec(`PRAGMA synchronous = ${synchronous[options.durability]}`)
  database.exec('PRAGMA foreign_keys = ON')
}

function check(database: DatabaseSync, path: string): void {
  const found = database
    .prepare('PRAGMA integrity_check(5)')
    .all()
    .map((row) => String(row.integrity_check))
  if (found.join() !== 'ok') throw new DatabaseError('corrupt', path, `integrity check failed: ${found.join('; ')}`)
  const dangling = database.prepare('PRAGMA foreign_key_check').all()
  if (dangling.length > 0) throw new DatabaseError('corrupt', path, `${dangling.length} rows refer to missing rows`)
}

function migrate(database: DatabaseSync, { path, schemaVersion, schema }: DatabaseOptions): void {
  const present = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (present > schemaVersion) {
    throw new DatabaseError(
      'version',
      path,
      `schema ${present} was made by a newer Postern (this one knows ${schemaVersion})`,
    )
  }
  if (present === schemaVersion) return
  transaction(database, () => {
    database.exec(schema)
    database.exec(`PRAGMA user_version = ${schemaVersion}`)
  })
}

/** SQLite's primary result codes (https://sqlite.org/rescode.html). */
const codes: Readonly<Record<number, { readonly code: DatabaseErrorCode; readonly message: string }>> = {
  5: { code: 'locked', message: 'another process has this database open' },
  11: { code: 'corrupt', message: 'the database is damaged' },
  26: { code: 'corrupt', message: 'this is not a database' },
}

function asDatabaseError(error: unknown, path: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  const known = codes[Number((error as { errcode?: number }).errcode) & 0xff]
  const message = error instanceof Error ? error.message : String(error)
  return new DatabaseError(known?.code ?? 'unusable', path, known?.message ?? message, error)
}
