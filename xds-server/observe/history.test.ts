import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, test } from 'vitest'
import { type Addition, Conversations } from './conversations.ts'
import { openObserved } from './database.ts'
import { History, maxRows, spans } from './history.ts'
import { Hits } from './hits.ts'
import { createMetrics } from './metrics.ts'
import { anAddition } from './testdata/additions.ts'
import { epoch } from './testdata/records.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})
const aFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-observe-'))
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function aHistory(path = ':memory:') {
  const clock = { now: epoch }
  const { database } = openObserved(path, epoch)
  const metrics = createMetrics(new Registry())
  const now = () => clock.now
  const failures: unknown[] = []
  const history = new History({ database, metrics, now, onFailed: (error) => failures.push(error) })
  const conversations = new Conversations({ metrics, now })
  const add = (addition: Addition) => history.add(conversations.add(addition), addition.counts)
  const close = () => database.isOpen && database.close()
  closers.push(() => void close())
  const lost = async () => (await metrics.historyLost.get()).values.map((v) => [v.labels.reason, v.value])
  return { clock, database, history, conversations, add, close, lost, failures }
}

const [short, long] = spans

describe('the history', () => {
  test('rolls conversations up, by 5 minutes and by the hour', () => {
    const { history, add, clock } = aHistory()
    add(anAddition())
    history.flush()
    add(anAddition({}, { request: { method: 'GET', path: '/', host: 'db' } }))
    history.flush()
    clock.now += short.length
    add(anAddition({}, { at: clock.now }))
    history.flush()
    expect(history.rollups(short.length, 0, clock.now).map((c) => c.connections)).toEqual([2, 1])
    expect(history.rollups(long.length, 0, clock.now).map((c) => [c.connections, c.evidence.requests])).toEqual([
      [3, { 'GET /': 1 }],
    ])
  })

  test('answers for a time from the shortest roll-ups that reach back so far', () => {
    const { history, add, clock } = aHistory()
    add(anAddition())
    history.flush()
    clock.now = epoch + 2 * long.length
    add(anAddition({}, { at: clock.now }))
    history.flush()
    expect(history.list(epoch, clock.now).map((c) => [c.connections, c.firstSeen, c.lastSeen])).toEqual([
      [2, epoch, clock.now],
    ])
    expect(history.list(clock.now - short.length, clock.now).map((c) => c.connections)).toEqual([1])
    // To the roll-up: the one that had begun before is in it.
    expect(history.list(clock.now + 1_000, clock.now + 1_000).map((c) => c.connections)).toEqual([1])
    clock.now += short.kept
    expect(history.list(epoch, clock.now).map((c) => c.connections)).toEqual([2])
  })

  test('forgets what is too old', () => {
    const { history, add, clock } = aHistory()
    add(anAddition())
    history.flush()
    clock.now += short.kept + short.length
    history.trim()
    expect(spans.map(({ length }) => history.rollups(length, 0, clock.now).length)).toEqual([0, 1])
    clock.now += long.kept
    history.trim()
    expect(history.rollups(long.length, 0, clock.now)).toEqual([])
  })

  test('forgets whole roll-ups when there are too many', () => {
    const { history, database, clock } = aHistory()
    database.exec(`
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${maxRows + 9})
      INSERT INTO rollups SELECT ${short.length}, ${epoch} + i / 20 * 1000, json_array('s','d','tcp',i,'a','allow','r'), 'protect', 1, 0, 0, 0, 0, 0, '{}' FROM n`)
    history.trim()
    const kept = database.prepare('SELECT count(*) AS n, min(start) AS first FROM rollups').get()
    expect({ ...kept }).toEqual({ n: maxRows - 10, first: epoch + 1000 })
    expect(clock.now).toBe(epoch)
  })

  test('that can not be written is counted, and the next is tried again', async () => {
    const { history, add, database, lost, failures } = aHistory()
    add(anAddition())
    database.exec('ALTER TABLE rollups RENAME TO gone')
    history.flush()
    expect([await lost(), failures]).toEqual([
      [['database', 1]],
      [expect.objectContaining({ message: 'no such table: rollups' })],
    ])
    database.exec('ALTER TABLE gone RENAME TO rollups')
    add(anAddition())
    history.flush()
    expect(history.rollups(short.length, 0, epoch).map((c) => c.connections)).toEqual([1])
  })
})

describe('the file', () => {
  test('keeps roll-ups and hits over a restart', () => {
    const path = join(aFolder(), 'observed.db')
    const first = aHistory(path)
    first.add(anAddition())
    first.history.flush()
    const hits = new Hits(first.database)
    hits.add('app-db', 2, epoch)
    hits.add('app-db', 1, epoch - 5)
    hits.flush()
    first.close()
    const second = aHistory(path)
    expect(second.history.list(epoch, epoch).map((c) => c.connections)).toEqual([1])
    expect([...new Hits(second.database).all()]).toEqual([['app-db', { hits: 3, lastHit: epoch }]])
  })

  test('that is damaged is set aside, and a new one begun', () => {
    const folder = aFolder()
    const path = join(folder, 'observed.db')
    writeFileSync(path, 'not a database'.repeat(500))
    const { database, setAside } = openObserved(path, epoch)
    closers.push(() => database.close())
    expect(setAside).toBe(`${path}.damaged-2026-01-01T000000.000Z`)
    expect(readdirSync(folder)).toContain('observed.db.damaged-2026-01-01T000000.000Z')
    expect(new Hits(database).all().size).toBe(0)
  })
})
