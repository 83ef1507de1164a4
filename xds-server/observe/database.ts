/**
 * The file of what was seen: events, roll-ups, hits. Unlike the policy it can be seen again, so a damaged file is set
 * aside (never deleted) and a new one begun: an old wound must not keep the control plane from starting.
 */
import { existsSync, renameSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { DatabaseError, openDatabase } from '../store/database.ts'

const schema = `
  CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    time INTEGER NOT NULL,
    source TEXT,
    destination TEXT,
    rule TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_time ON events (time);
  CREATE TABLE incidents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    incident TEXT NOT NULL UNIQUE,
    event INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE
  ) STRICT;
  CREATE INDEX incidents_event ON incidents (event);
  CREATE TABLE rollups (
    span INTEGER NOT NULL,
    start INTEGER NOT NULL,
    key TEXT NOT NULL,
    mode TEXT NOT NULL,
    connections INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    received INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (span, start, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE heartbeat (one INTEGER PRIMARY KEY CHECK (one = 1), at INTEGER NOT NULL) STRICT;
  CREATE TABLE hits (rule TEXT PRIMARY KEY, count INTEGER NOT NULL, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`

export type ObservedDatabase = {
  readonly database: DatabaseSync
  /** Where the damaged file went, if there was one. */
  readonly setAside: string | undefined
}

/** Throws `DatabaseError` when the file is locked, newer than this program, or can not be used for another reason. */
export function openObserved(path: string, now: number): ObservedDatabase {
  try {
    return { database: open(path), setAside: undefined }
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== 'corrupt') throw error
    return { setAside: setAside(path, now), database: open(path) }
  }
}

// A commit that a power cut takes back costs seconds of statistics; an fsync each would cost every event 0.24 ms.
const open = (path: string): DatabaseSync => openDatabase({ path, schemaVersion: 1, schema, durability: 'kill' })

function setAside(path: string, now: number): string {
  const target = `${path}.damaged-${new Date(now).toISOString().replaceAll(':', '')}`
  for (const part of ['', '-wal', '-shm']) {
    if (existsSync(path + part)) renameSync(path + part, target + part)
  }
  return target
}

/** When somebody last listened to the sidecars (epoch milliseconds); undefined in a new file. */
export function lastHeartbeat(database: DatabaseSync): number | undefined {
  const row = database.prepare('SELECT at FROM heartbeat').get()
  return row === undefined ? undefined : Number(row.at)
}

export function writeHeartbeat(database: DatabaseSync, now: number): void {
  database.prepare('INSERT OR REPLACE INTO heartbeat (one, at) VALUES (1, ?)').run(Math.round(now))
}
