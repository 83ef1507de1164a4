import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Connections, type Delta, openSilenceMilliseconds } from './connections.ts'
import type { AccessRecord } from './model.ts'
import { aRecord, aRequest, aStart, epoch } from './testdata/records.ts'

const observed = (more: { maxOpen?: number; startedAt?: number } = {}) => {
  const deltas: Delta[] = []
  let evicted = 0
  const connections = new Connections({
    startedAt: epoch - 60_000,
    onDelta: (delta) => {
      deltas.push(delta)
      return undefined
    },
    onEvicted: () => evicted++,
    ...more,
  })
  const accept = (...records: AccessRecord[]) => records.forEach((record) => void connections.accept(record))
  const counted = () => deltas.map((d) => [d.connections, d.requests, d.bytesReceived, d.bytesSent])
  return { connections, deltas, accept, counted, evicted: () => evicted }
}

describe('a TCP connection', () => {
  test('counts once, when it is judged, and its bytes as they come', () => {
    const { accept, counted, connections } = observed()
    accept(aStart())
    expect(counted()).toEqual([])
    accept(aRecord({ phase: 'connected', bytesReceived: 10, bytesSent: 0 }))
    accept(aRecord({ phase: 'periodic', bytesReceived: 50, bytesSent: 70 }))
    accept(aRecord({ phase: 'end', bytesReceived: 60, bytesSent: 70 }))
    expect(counted()).toEqual([
      [1, 0, 10, 0],
      [0, 0, 40, 70],
      [0, 0, 10, 0],
    ])
    expect(connections.size).toBe(0)
  })

  test('of which only the end was logged counts once', () => {
    const { accept, counted } = observed()
    accept(aRecord())
    expect(counted()).toEqual([[1, 0, 100, 200]])
  })

  test('that is open and silent is pending, not counted', () => {
    const { accept, counted, connections } = observed()
    accept(aStart(), aStart({ stream: 's2' }))
    expect([...connections.pending()].map((r) => r.stream)).toEqual(['s1', 's2'])
    accept(aRecord({ phase: 'periodic' }))
    expect([...connections.pending()].map((r) => r.stream)).toEqual(['s2'])
    expect(counted()).toEqual([[1, 0, 100, 200]])
  })

  test('keeps what an earlier record knew', () => {
    const { accept, deltas } = observed()
    accept(aRecord({ phase: 'connected', serverName: 'db.example' }))
    accept(aRecord({ application: undefined, shadow: undefined }))
    const { record } = deltas.at(-1)!
    expect([record.application, record.serverName, record.shadow]).toEqual([
      'postgresql',
      'db.example',
      { rule: 'app-db', denied: false },
    ])
  })

  test('of two sidecars with the same stream id is two', () => {
    const { accept, counted } = observed()
    accept(aRecord({ phase: 'periodic' }), aRecord({ phase: 'periodic', node: 'ui' }))
    expect(counted()).toEqual([
      [1, 0, 100, 200],
      [1, 0, 100, 200],
    ])
  })

  test('that an earlier process may have counted adds only what comes now', () => {
    const { accept, counted } = observed({ startedAt: epoch })
    const begun = { startedAt: epoch - 1, shadow: undefined }
    accept(aRecord({ phase: 'periodic', ...begun }), aRecord({ phase: 'periodic', bytesReceived: 130, ...begun }))
    expect(counted()).toEqual([
      [0, 0, 0, 0],
      [0, 0, 30, 0],
    ])
  })

  test('whose end is lost is forgotten; what was pending is counted as it is', () => {
    const { accept, connections, deltas } = observed()
    accept(aRecord({ phase: 'connected' }), aStart({ stream: 's2', at: epoch + 1 }))
    connections.sweep(epoch + openSilenceMilliseconds)
    expect([connections.size, deltas.length]).toEqual([1, 1])
    connections.sweep(epoch + openSilenceMilliseconds + 1)
    expect([connections.size, deltas.length, deltas[1]?.connections]).toEqual([0, 2, 1])
    accept(aRecord({ bytesReceived: 500 }))
    expect(deltas[2]).toMatchObject({ connections: 0, bytesReceived: 0 })
  })
})

describe('an HTTP request', () => {
  test('counts as a request, and once as a connection of its client port', () => {
    const { accept, counted } = observed()
    accept(aRequest('GET', '/'), aRequest('GET', '/a', { stream: 's2' }))
    accept(aRequest('GET', '/', { stream: 's3', source: { ip: '10.22.0.11', port: 40_001 } }))
    expect(counted()).toEqual([
      [1, 1, 100, 200],
      [0, 1, 100, 200],
      [1, 1, 100, 200],
    ])
  })
})

/** Streams with growing totals, cut anywhere, their records interleaved in any way. */
const streams = fc
  .array(fc.array(fc.tuple(fc.nat({ max: 9 }), fc.boolean()), { minLength: 1, maxLength: 6 }), { maxLength: 12 })
  .chain((all) => {
    const records = all.map((steps, i) => {
      let total = 0
      return steps.map(([bytes, judged], j): AccessRecord => {
        total += bytes
        const phase = j === 0 ? 'start' : j === steps.length - 1 ? 'end' : 'periodic'
        const shadow = judged ? { rule: 'r', denied: false } : undefined
        return aRecord({ stream: `s${i}`, phase, shadow, bytesReceived: total, bytesSent: 2 * total })
      })
    })
    return fc.array(fc.nat(), { minLength: 80, maxLength: 80 }).map((picks) => interleave(records, picks))
  })

function interleave(queues: readonly AccessRecord[][], picks: readonly number[]): AccessRecord[] {
  const left = queues.map((queue) => [...queue])
  const out: AccessRecord[] = []
  for (const pick of picks) {
    const waiting = left.filter((queue) => queue.length > 0)
    if (waiting.length > 0) out.push(waiting[pick % waiting.length]!.shift()!)
  }
  return out
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
const lastOf = (records: readonly AccessRecord[]) => [...new Map(records.map((r) => [r.stream, r])).values()]

test('totals are conserved: every ended connection counts once, every byte once', () => {
  fc.assert(
    fc.property(streams, (records) => {
      const { accept, deltas, connections } = observed()
      accept(...records)
      connections.sweep(epoch + 2 * openSilenceMilliseconds)
      expect(sum(deltas.map((d) => d.connections))).toBe(lastOf(records).length)
      expect(sum(deltas.map((d) => d.bytesReceived))).toBe(sum(lastOf(records).map((r) => r.bytesReceived)))
      expect(sum(deltas.map((d) => d.bytesSent))).toBe(sum(lastOf(records).map((r) => r.bytesSent)))
      expect(connections.size).toBe(0)
    }),
  )
})

test('past the bound connections are forgotten, and nothing counts twice', () => {
  fc.assert(
    fc.property(streams, fc.integer({ min: 1, max: 4 }), (records, maxOpen) => {
      const { accept, deltas, connections } = observed({ maxOpen })
      for (const record of records) {
        accept(record)
        expect(connections.size).toBeLessThanOrEqual(maxOpen)
      }
      expect(sum(deltas.map((d) => d.connections))).toBeLessThanOrEqual(lastOf(records).length)
      expect(sum(deltas.map((d) => d.bytesReceived))).toBeLessThanOrEqual(
        sum(lastOf(records).map((r) => r.bytesReceived)),
      )
    }),
  )
})

test('a connection that is forgotten for lack of room is reported', () => {
  const { accept, evicted } = observed({ maxOpen: 1 })
  accept(aStart(), aStart({ stream: 's2' }))
  expect(evicted()).toBe(1)
})
