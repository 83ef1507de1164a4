/** What only time brings: streams that say nothing, or not enough. The stream is in memory, so that time can be moved. */
import { Duplex } from 'node:stream'
import { Metadata, status } from '@grpc/grpc-js'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createHarness } from '../../test/support/xds/harness.ts'
import { encode } from '../envoy/encode.ts'
import { createMetrics } from './metrics.ts'
import { typeUrlOf } from './resource-types.ts'
import { authenticationMs, type Call, serveStream, silentTypesMs } from './session.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

function open() {
  const stream = new Duplex({ objectMode: true, read() {}, write: (_chunk, _encoding, done) => done() })
  const call = Object.assign(stream, { metadata: new Metadata(), getPeer: () => 'test' }) as unknown as Call
  const ended: (status | undefined)[] = []
  call.on('error', (error: { code?: status }) => ended.push(error.code))
  const { fleet, conversation } = createHarness()
  const none = () => 0
  const gauges = { sidecars: none, classes: none, blobs: none, trials: none, quarantined: none, waiting: none }
  const metrics = createMetrics(new Registry(), gauges)
  const verifier = { verify: async (_token: unknown, workload: string) => ({ ok: true, workload }) as const }
  serveStream(
    { now: () => 0, verifier, fleet, conversation, metrics, log: pino({ level: 'silent' }), onEnd() {} },
    call,
    'delta',
  )
  const ask = async (type: 'cluster' | 'listener') => {
    stream.push(
      Buffer.from(
        encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { node: { id: 'p1' }, type_url: typeUrlOf(type) }),
      ),
    )
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { ask, ended, sidecars: () => [...fleet.sidecars()].length }
}

test('a stream without an authenticated request is not kept', () => {
  const { ended } = open()
  vi.advanceTimersByTime(authenticationMs - 1)
  expect(ended).toEqual([])
  vi.advanceTimersByTime(1)
  expect(ended).toEqual([status.UNAUTHENTICATED])
})

test('an Envoy that forgets to ask for listeners after a reconnect is told to start over', async () => {
  const { ask, ended, sidecars } = open()
  await ask('cluster')
  expect(sidecars()).toBe(1)
  vi.advanceTimersByTime(silentTypesMs)
  expect(ended).toEqual([status.UNAVAILABLE])
  expect(sidecars()).toBe(0)
})

test('one that asked for both stays', async () => {
  const { ask, ended, sidecars } = open()
  await ask('cluster')
  await ask('listener')
  vi.advanceTimersByTime(10 * silentTypesMs)
  expect([ended, sidecars()]).toEqual([[], 1])
})
