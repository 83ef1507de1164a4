/** Revisions in SQLite: the tables, the statements, and what one write does to them. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { defaultPolicy } from '../policy/defaults.ts'
import type { AnyWrite, DocumentName, Documents, Versioned } from './model.ts'

/** Revisions kept of each document. Past it the oldest are forgotten: a conflict based on one shows no base. */
export const maxRevisions = 1_000
/** Bytes of JSON kept of each document's revisions, whatever their number: long rule lists must not fill the disk. */
export const maxHistoryBytes = 64 * 1024 * 1024

/** Version 1. */
export const schema = `
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

export type Statements = Readonly<Record<keyof typeof statements, StatementSync>>
/** Document → its present revision. */
export type Heads = { [K in DocumentName]: Versioned<Documents[K]> }

/** What was saved, as it will be read back. */
export type NewRevision = Versioned<Documents[DocumentName]> & { readonly document: DocumentName }

/** The next revision of a document, which becomes its present one; to be called in a transaction. */
export function save(sql: Statements, write: AnyWrite, now: number): NewRevision {
  const { document, value, author, summary } = write
  const revision = write.base + 1
  const json = JSON.stringify(value)
  sql.insert.run(document, revision, new Date(now).toISOString(), author, summary, Buffer.byteLength(json), json)
  sql.move.run(document, revision)
  sql.trim.run(document, revision, maxRevisions, maxHistoryBytes)
  return { document, revision, value }
}

/** The first start, of this installation or with a document that is new in Postern, writes its revision 1. */
export function seedDocuments(sql: Statements, now: () => number): void {
  const documents: Documents = defaultPolicy(new Date(now()).toISOString())
  const there = readHeads(sql)
  for (const [document, value] of Object.entries(documents)) {
    if (document in there) continue
    save(sql, { document, value, base: 0, author: 'postern', summary: 'first start' } as AnyWrite, now())
  }
}

/** Once for each open file: preparing costs more than running. */
export function prepare(database: DatabaseSync): Statements {
  const entries = Object.entries(statements).map(([name, sql]) => [name, database.prepare(sql)])
  return Object.fromEntries(entries) as Statements
}

/** The present revision of each document. */
export function readHeads(sql: Statements): Heads {
  const rows = sql.head.all()
  const entries = rows.map((row) => [row.document, { revision: row.revision, value: JSON.parse(String(row.value)) }])
  return Object.fromEntries(entries) as Heads
}
