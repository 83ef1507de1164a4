/** Access records for tests: each states only what matters to it. Times count from `epoch`. */
import type { AccessRecord } from '../model.ts'

export const epoch = Date.parse('2026-01-01T00:00:00.000Z')

export const aRecord = (more: Partial<AccessRecord> = {}): AccessRecord => ({
  node: 'db',
  direction: 'inbound',
  kind: 'tcp',
  phase: 'end',
  stream: 's1',
  at: epoch,
  startedAt: more.at ?? epoch,
  source: { ip: '10.22.0.11', port: 40_000 },
  destination: { ip: '10.22.0.13', port: 5432 },
  application: 'postgresql',
  serverName: undefined,
  bytesReceived: 100,
  bytesSent: 200,
  enforced: undefined,
  shadow: { rule: 'app-db', denied: false },
  denyChain: false,
  greetingRefused: false,
  http: undefined,
  flags: '',
  details: '',
  ...more,
})

/** A connection that has just been opened: nothing is known of it yet. */
export const aStart = (more: Partial<AccessRecord> = {}): AccessRecord =>
  aRecord({ phase: 'start', application: undefined, shadow: undefined, bytesReceived: 0, bytesSent: 0, ...more })

export const aRequest = (method: string, path: string, more: Partial<AccessRecord> = {}): AccessRecord =>
  aRecord({
    kind: 'http',
    application: 'http',
    http: { method, path, host: 'db', status: 200, incident: 'i1', grpc: undefined },
    ...more,
  })
