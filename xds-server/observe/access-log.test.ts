import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLogReader, identify, maxRecordAgeMilliseconds, maxTextLength } from './access-log.ts'
import type { AccessRecord } from './model.ts'
import { httpLog, identifier, type Logged, tcpLog } from './testdata/log-messages.ts'
import { epoch } from './testdata/records.ts'

const aReader = (logName: string, now = epoch + 5_000) => {
  const rejected: string[] = []
  const read = createLogReader({
    node: 'redis',
    logName,
    now: () => now,
    onRejected: (reason) => rejected.push(reason),
  })
  return { read, rejected }
}
const readTcp = (entry: Logged, logName = 'in|tcp'): readonly AccessRecord[] => aReader(logName).read(tcpLog([entry]))
const readHttp = (entry: Logged, logName = 'in|http'): readonly AccessRecord[] =>
  aReader(logName).read(httpLog([entry]))

const common = {
  node: 'redis',
  direction: 'inbound',
  source: { ip: '10.21.0.101', port: 39951 },
  destination: { ip: '10.21.0.2', port: 6379 },
  serverName: undefined,
  startedAt: epoch,
  enforced: undefined,
  denyChain: false,
  greetingRefused: false,
  http: undefined,
  flags: '',
  details: '',
} as const

describe('a TCP record', () => {
  test('that an allowed connection wrote when it was connected', () => {
    const rbac = { shadow_engine_result: 'allowed', shadow_effective_policy_id: 'allow-redis' }
    expect(readTcp({ type: 'TcpUpstreamConnected', tags: { app: 'redis' }, rbac, received: 14 })).toEqual([
      {
        ...common,
        kind: 'tcp',
        phase: 'connected',
        stream: 'a90e',
        at: epoch + 5_000,
        application: 'redis',
        bytesReceived: 14,
        bytesSent: 0,
        shadow: { rule: 'allow-redis', denied: false },
      },
    ])
  })

  test('that a refused connection wrote at its end', () => {
    const rbac = { shadow_engine_result: 'denied', shadow_effective_policy_id: 'default' }
    const details = 'rbac_access_denied_matched_policy[default]'
    const [record] = readTcp({ tags: { app: 'http' }, rbac, details, received: 18, duration: '0.25s' })
    expect(record).toEqual({
      ...common,
      kind: 'tcp',
      phase: 'end',
      stream: 'a90e',
      at: epoch + 250,
      application: 'http',
      bytesReceived: 18,
      bytesSent: 0,
      shadow: { rule: 'default', denied: true },
      enforced: { rule: 'default', denied: true },
      details,
    })
  })

  test('of a start knows neither application nor rule', () => {
    const [record] = readTcp({ type: 'TcpConnectionStart' })
    expect([record?.phase, record?.application, record?.shadow]).toEqual(['start', undefined, undefined])
  })

  test('of a refused greeting names the application that was refused', () => {
    const [record] = readTcp({ tags: { refused: 'mysql', sni: 'db.example' } })
    expect([record?.greetingRefused, record?.application, record?.serverName]).toEqual([true, 'mysql', 'db.example'])
  })

  test('of the deny chain is only its end', () => {
    const flags = { upstream_remote_reset: true }
    const { read } = aReader('out|deny')
    const records = read(tcpLog([{ type: 'TcpConnectionStart' }, { type: 'TcpUpstreamConnected' }, { flags }]))
    expect(records.map((r) => [r.direction, r.phase, r.denyChain, r.flags])).toEqual([
      ['outbound', 'end', true, 'upstream_remote_reset'],
    ])
  })

  test('of a connection that no chain took has no stream id', () => {
    const [record] = readTcp({ type: 'NotSet', stream: '' }, 'in|listener')
    expect([record?.phase, record?.denyChain, record?.stream]).toEqual(['end', false, ''])
  })

  test('of an application nobody knows is of an unknown one', () => {
    expect(readTcp({ tags: { app: 'gopher' } }).map((r) => r.application)).toEqual(['unknown'])
  })
})

describe('an HTTP record', () => {
  const request = { request_method: 'POST', authority: '10.21.0.2', path: '/a?x=1', request_headers: {} }

  test('of a refused request has the incident that its client was told', () => {
    const rbac = {
      enforced_effective_policy_id: 'deny-post',
      enforced_engine_result: 'denied',
      shadow_effective_policy_id: 'deny-post',
      shadow_engine_result: 'denied',
    }
    const details = 'rbac_access_denied_matched_policy[deny-post]'
    const response = { response_code: 403, response_code_details: details }
    const entry = { to: '10.21.0.2:80', tags: { app: 'http', incident: '645236cf' }, rbac, request, response }
    expect(readHttp({ ...entry, received: 198, sent: 294 })).toEqual([
      {
        ...common,
        kind: 'http',
        phase: 'end',
        stream: '645236cf',
        at: epoch + 5_000,
        destination: { ip: '10.21.0.2', port: 80 },
        application: 'http',
        bytesReceived: 198,
        bytesSent: 294,
        shadow: { rule: 'deny-post', denied: true },
        enforced: { rule: 'deny-post', denied: true },
        http: { method: 'POST', path: '/a?x=1', host: '10.21.0.2', status: 403, incident: '645236cf', grpc: undefined },
        details,
      },
    ])
  })

  test('of a gRPC call names its service and method', () => {
    const grpc = {
      ...request,
      path: '/pkg.Service/Do?x',
      request_headers: { 'content-type': 'application/grpc+proto' },
    }
    const [record] = readHttp({ tags: { app: 'http2' }, request: grpc })
    expect([record?.application, record?.http?.grpc]).toEqual(['grpc', 'pkg.Service/Do'])
    const [other] = readHttp({ tags: { app: 'http' }, request: grpc })
    expect([other?.application, other?.http?.grpc]).toEqual(['http', undefined])
  })

  test('a request that shows what it is about is called so, and a path that only looks like it once normalised, too', () => {
    const application = (over: object) =>
      readHttp({ tags: { app: 'http' }, request: { ...request, ...over } })[0]?.application
    expect(application({ path: '/shop/_search?q=x' })).toBe('elasticsearch')
    expect(application({ path: '/x/..//%5fcat/indices' })).toBe('elasticsearch')
    expect(application({ path: '/write', user_agent: 'Telegraf/1.30' })).toBe('influxdb')
    expect(application({ path: '/', request_headers: { upgrade: 'websocket' } })).toBe('websocket')
  })

  test('going out asks for the host it names', () => {
    expect(readHttp({ request }, 'out|http')[0]?.serverName).toBe('10.21.0.2')
    expect(readHttp({ request }, 'in|http')[0]?.serverName).toBeUndefined()
  })

  test('with a path of any length is cut', () => {
    const [record] = readHttp({ request: { ...request, path: `/${'a'.repeat(9_999)}` } })
    expect(record?.http?.path).toHaveLength(maxTextLength)
  })
})

describe('time', () => {
  const at = (entry: Logged) => readTcp(entry)[0]?.at
  test('is never in the future and never older than an hour', () => {
    expect(at({ start: '2027-01-01T00:00:00Z', duration: '1s' })).toBe(epoch + 5_000)
    expect(at({ start: '2020-01-01T00:00:00Z', duration: '1s' })).toBe(epoch + 5_000 - maxRecordAgeMilliseconds)
  })
})

describe('what does not fit', () => {
  const rejections = (logName: string, bytes: Uint8Array) => {
    const { read, rejected } = aReader(logName)
    return { records: read(bytes).length, rejected }
  }

  test('is left out and counted by its reason, and the rest is read', () => {
    const bad: Logged[] = [
      { common: { downstream_local_address: { pipe: { path: '/x' } } } },
      { type: 'TcpPeriodic', stream: '' },
      { type: 'DownstreamEnd' },
      {},
    ]
    expect(rejections('in|tcp', tcpLog(bad))).toEqual({ records: 1, rejected: ['address', 'stream', 'phase'] })
  })

  test('another kind of entry than the log is for', () => {
    expect(rejections('in|http', tcpLog([{}]))).toEqual({ records: 0, rejected: ['kind'] })
    expect(rejections('in|tcp', httpLog([{}]))).toEqual({ records: 0, rejected: ['kind'] })
  })

  test('a log that is not ours', () => {
    expect(rejections('somebody', tcpLog([{}]))).toEqual({ records: 0, rejected: ['log name'] })
  })

  test('any bytes: nothing throws', () => {
    const { read } = aReader('in|tcp')
    const good = tcpLog([{ tags: { app: 'redis' }, rbac: { shadow_effective_policy_id: 'r' } }])
    const damaged = fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })).map(([place, byte]) => {
      const bytes = Uint8Array.from(good)
      bytes[place] = byte
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), damaged), (bytes) => void read(bytes)),
      { numRuns: 1_000 },
    )
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), damaged), (bytes) => void identify(bytes)),
      { numRuns: 1_000 },
    )
  })
})

test('the first message says who sends which log', () => {
  expect(identify(tcpLog([], identifier('redis', 'in|tcp')))).toEqual({ nodeId: 'redis', logName: 'in|tcp' })
  expect(identify(tcpLog([]))).toBeUndefined()
  expect(identify(Uint8Array.of(1, 2, 3))).toBeUndefined()
})
