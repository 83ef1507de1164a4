import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import { defaultRules, defaultSettings } from '../policy/defaults.ts'
import type { IgnoredFlow } from '../policy/model.ts'
import { type StoreUnderTest, storeContract } from './contract.ts'
import { DatabaseError } from './database.ts'
import { maxHistoryBytes, maxRevisions } from './revisions.ts'
import { openStore, type SqliteStore } from './sqlite.ts'

const folders: string[] = []
const aFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-store-'))
  folders.push(folder)
  return folder
}
const raise = (error: unknown): never => {
  throw error
}
const open = (path: string, onWatcherError: (error: unknown) => void = raise): SqliteStore =>
  openStore({ path, now: Date.now, onWatcherError })
const flow = (from: string): IgnoredFlow => ({ from, to: 'any', application: 'http' })

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const underTest = (path: string): StoreUnderTest => {
  const store = open(path)
  return {
    store,
    reopen: () => {
      store.close()
      return underTest(path)
    },
    dispose: () => {
      try {
        store.close()
      } catch {
        // Closed by `reopen`.
      }
    },
  }
}
storeContract('sqlite', () => underTest(join(aFolder(), 'store.db')))

test('the first start writes the default settings and rules, once: a deleted default rule stays deleted', () => {
  const path = join(aFolder(), 'store.db')
  const first = openStore({ path, now: () => 0, onWatcherError: raise })
  expect(first.read('rules')).toEqual({ revision: 1, value: defaultRules('1970-01-01T00:00:00.000Z') })
  expect(first.read('settings')).toEqual({ revision: 1, value: defaultSettings })
  first.write({ document: 'rules', value: [], base: 1, author: 'cli:ann', summary: 'no defaults' })
  first.close()
  const second = open(path)
  expect(second.read('rules').value).toEqual([])
  second.close()
})

describe('the file', () => {
  test('a document that is new in Postern begins in an old file, and what is there stays', () => {
    const path = join(aFolder(), 'store.db')
    const store = open(path)
    store.write({ document: 'ignored', value: [flow('a')], base: 1, author: 'test', summary: '' })
    store.close()
    const older = new DatabaseSync(path)
    for (const table of ['heads', 'revisions']) older.exec(`DELETE FROM ${table} WHERE document LIKE '%Sensors'`)
    older.close()
    const newer = open(path)
    expect([newer.read('wafSensors'), newer.read('dlpSensors')]).toEqual([
      { revision: 1, value: [] },
      { revision: 1, value: [] },
    ])
    expect([newer.read('ignored'), newer.history('rules', 9).length]).toEqual([{ revision: 2, value: [flow('a')] }, 1])
    newer.close()
  })

  test('a file that can not be begun is let go', () => {
    const path = join(aFolder(), 'store.db')
    open(path).close()
    const other = new DatabaseSync(path)
    other.exec('DELETE FROM heads; DELETE FROM revisions; ALTER TABLE revisions RENAME COLUMN bytes TO octets')
    other.close()
    expect(() => open(path)).toThrow(/bytes/)
    const again = new DatabaseSync(path)
    again.exec('ALTER TABLE revisions RENAME COLUMN octets TO bytes')
    again.close()
    open(path).close()
  })

  test('a damaged file is refused, and left as it is', () => {
    const path = join(aFolder(), 'store.db')
    open(path).close()
    const bytes = readFileSync(path)
    bytes.fill(0xff, 4096, 8192)
    writeFileSync(path, bytes)
    expect(refusal(path)).toEqual({ code: 'corrupt', path })
    expect(readFileSync(path)).toEqual(bytes)
  })

  test('a file that is no database is refused', () => {
    const path = join(aFolder(), 'store.db')
    writeFileSync(path, 'groups: []\n'.repeat(500))
    expect(refusal(path)).toEqual({ code: 'corrupt', path })
  })

  test('a file of a newer Postern is refused', () => {
    const path = join(aFolder(), 'store.db')
    open(path).close()
    const database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 99')
    database.close()
    expect(refusal(path)).toEqual({ code: 'version', path })
  })

  test('a file that another store has open is refused', () => {
    const path = join(aFolder(), 'store.db')
    const first = open(path)
    expect(refusal(path)).toEqual({ code: 'locked', path })
    first.close()
    open(path).close()
  })
})

const refusal = (path: string): unknown => {
  try {
    open(path).close()
    return 'opened'
  } catch (error) {
    return error instanceof DatabaseError ? { code: error.code, path: error.path } : error
  }
}

describe('several documents at once', () => {
  test('all are written, or none', () => {
    const store = open(':memory:')
    const heard: unknown[] = []
    store.watch((change) => heard.push(change))
    const from = { author: 'import', summary: 'two' }
    const ignored = { document: 'ignored', value: [flow('a')], base: 1, ...from } as const
    const stale = { document: 'settings', value: { ...defaultSettings, mode: 'protect' }, base: 9, ...from } as const
    expect(store.writeAll([ignored, stale])).toEqual({
      ok: false,
      document: 'settings',
      current: { revision: 1, value: defaultSettings },
      base: undefined,
    })
    expect([store.read('ignored').revision, heard]).toEqual([1, []])
    expect(store.writeAll([ignored, { ...stale, base: 1 }])).toEqual({
      ok: true,
      revisions: { ignored: 2, settings: 2 },
    })
    expect(heard).toEqual([
      { document: 'ignored', revision: 2 },
      { document: 'settings', revision: 2 },
    ])
    store.close()
  })
})

describe('bounds', () => {
  const writeMany = (store: SqliteStore, count: number, comment: string): void => {
    for (let i = 0; i < count; i++) {
      const base = store.read('ignored').revision
      store.write({ document: 'ignored', value: [flow(`${i}${comment}`)], base, author: 'a', summary: '' })
    }
  }

  test('the oldest revisions are forgotten, the newest stay', () => {
    const store = open(':memory:')
    writeMany(store, maxRevisions + 4, '')
    const history = store.history('ignored', 2 * maxRevisions)
    expect([history.length, history.at(0)?.revision, history.at(-1)?.revision]).toEqual([maxRevisions, 1005, 6])
    expect(store.at('ignored', 5)).toBeUndefined()
    store.close()
  })

  test('large revisions are bounded by their bytes', () => {
    const store = open(':memory:')
    const quarter = 'x'.repeat(maxHistoryBytes / 4)
    writeMany(store, 6, quarter)
    expect(store.history('ignored', 10).map((info) => info.revision)).toEqual([7, 6, 5])
    store.close()
  })
})

test('a watcher that throws is reported, and the others are still called', () => {
  const errors: unknown[] = []
  const store = open(':memory:', (error) => errors.push(error))
  const heard: number[] = []
  store.watch(() => raise('broken'))
  store.watch(({ revision }) => heard.push(revision))
  store.write({ document: 'ignored', value: [flow('a')], base: 1, author: 'a', summary: '' })
  expect([heard, errors]).toEqual([[2], ['broken']])
  store.close()
})

test('small values of the installation survive a restart and make no revision', () => {
  const path = join(aFolder(), 'store.db')
  const first = open(path)
  expect(first.getMeta('cut')).toBeUndefined()
  first.setMeta('cut', '1')
  first.setMeta('cut', '2')
  first.close()
  const second = open(path)
  expect([second.getMeta('cut'), second.read('rules').revision]).toEqual(['2', 1])
  second.close()
})

test('a store that could not write says why, until it can', () => {
  const path = join(aFolder(), 'store.db')
  open(path).close()
  const file = new DatabaseSync(path)
  const full = (table: string, when: string) =>
    `CREATE TRIGGER full_${table} BEFORE INSERT ON ${table} WHEN ${when} BEGIN SELECT RAISE(FAIL, 'disk is full'); END;`
  file.exec(full('revisions', "NEW.summary = 'large'") + full('meta', "NEW.value = 'large'"))
  file.close()
  const store = open(path)
  const write = (summary: string) =>
    store.write({
      document: 'ignored',
      value: [flow(summary)],
      base: store.read('ignored').revision,
      author: '',
      summary,
    })
  const [well, ill] = [
    { ok: true, detail: 'open' },
    { ok: false, detail: 'disk is full' },
  ]
  expect(store.healthy()).toEqual(well)
  expect(() => write('large')).toThrow('disk is full')
  expect(store.healthy()).toEqual(ill)
  write('small')
  expect(store.healthy()).toEqual(well)
  expect(() => store.setMeta('key', 'large')).toThrow('disk is full')
  expect(store.healthy()).toEqual(ill)
  store.setMeta('key', 'small')
  expect(store.healthy()).toEqual(well)
  store.close()
  expect(store.healthy()).toEqual({ ok: false, detail: 'closed' })
})

/** Kills a writer with SIGKILL once it has acknowledged `acknowledged` writes; answers the last one it acknowledged. */
async function killWriterAfter(path: string, acknowledged: number): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'testdata/writer.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let last = 0
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (last >= acknowledged) child.kill('SIGKILL')
  }
  return last
}

test('kill -9 in the middle of writing loses no acknowledged write and leaves a sound file', async () => {
  const path = join(aFolder(), 'store.db')
  let written = 1
  for (const more of [1, 40, 7, 150]) {
    const last = await killWriterAfter(path, written + more)
    const store = open(path)
    const { revision, value } = store.read('ignored')
    // At most one more than acknowledged: killed between the commit and its acknowledgement.
    expect([last, last + 1]).toContain(revision)
    expect(value).toEqual([flow(`writer ${revision}`)])
    store.close()
    written = revision
  }
})
