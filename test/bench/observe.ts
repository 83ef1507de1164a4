/** What one access log record costs the control plane, from bytes to conversation. Best of several rounds, one process. */
import pino from 'pino'
import { Registry } from 'prom-client'
import { createLogReader, type LogReader } from '../../xds-server/observe/access-log.ts'
import { createObserver, type Observer } from '../../xds-server/observe/observer.ts'
import { httpLog, type Logged, tcpLog } from '../../xds-server/observe/testdata/log-messages.ts'
import { directory } from '../../xds-server/policy/directory.ts'
import { openStore } from '../../xds-server/store/sqlite.ts'
import { aRule, aWorkload, aWorld, tcp } from '../support/builders.ts'
import type { Figure } from './figure.ts'

const pods = 200
const messages = 100
/** Envoy sends about 16 KB a message. */
const recordsPerMessage = 45
const rounds = 5

const workloads = Array.from({ length: pods }, (_, i) => aWorkload(`w${i}`, { ips: [`10.42.${i >> 8}.${i & 255}`] }))
const rules = Array.from({ length: pods }, (_, i) =>
  aRule(`nv.w${i}.yelb`, `nv.w${(i + 1) % pods}.yelb`, {
    id: `r${i}`,
    applications: ['http', 'redis'],
    ports: tcp(80, 6379),
  }),
)

/** A connection of pod i to the next one, as its sidecar logs it. */
function logged(i: number, app: string, more: Partial<Logged>): Logged {
  const [from, to] = [workloads[i % pods]!, workloads[(i + 1) % pods]!]
  return {
    stream: `a6f3c1f0-7d0b-4c3a-9a55-${i}`,
    from: `${from.ips[0]}:${40_000 + (i % 20_000)}`,
    to: `${to.ips[0]}:6379`,
    start: new Date().toISOString(),
    duration: '0.002s',
    tags: { app, incident: `645236cf-${i}` },
    rbac: { shadow_engine_result: 'allowed', shadow_effective_policy_id: `r${i % pods}` },
    received: 64,
    sent: 640,
    ...more,
  }
}

const numbers = (message: number) =>
  Array.from({ length: recordsPerMessage }, (_, i) => message * recordsPerMessage + i)
const many = (encode: (message: number) => Uint8Array) => Array.from({ length: messages }, (_, m) => encode(m))
const request = (i: number) => ({
  request_method: 'GET',
  authority: 'w',
  path: `/api/v1/item/${i}`,
  request_headers: {},
})
const inputs = {
  TCP: many((m) => tcpLog(numbers(m).map((i) => logged(i, 'redis', {})))),
  HTTP: many((m) =>
    httpLog(numbers(m).map((i) => logged(i, 'http', { request: request(i), response: { response_code: 200 } }))),
  ),
} as const

/** Microseconds a record: decoded only, and all the way into the conversations. */
function measure(read: LogReader, input: readonly Uint8Array[], observer: Observer) {
  const timed = (work: (bytes: Uint8Array) => void): number => {
    const start = performance.now()
    for (const bytes of input) work(bytes)
    return ((performance.now() - start) * 1000) / (messages * recordsPerMessage)
  }
  const best = (work: (bytes: Uint8Array) => void) => Math.min(...Array.from({ length: rounds }, () => timed(work)))
  return { decoded: best(read), counted: best((bytes) => observer.accept(read(bytes))) }
}

export function run(): readonly Figure[] {
  const store = openStore({ path: ':memory:', now: Date.now, onWatcherError: () => {} })
  const present = directory(aWorld({ workloads, rules, podCidrs: ['10.42.0.0/16'] }))
  const log = pino({ level: 'silent' })
  const observer = createObserver({ store, path: ':memory:', directory: () => present, log, registry: new Registry() })
  const figures = (['TCP', 'HTTP'] as const).flatMap((kind) => {
    const onRejected = (reason: string) => {
      throw new Error(`the benchmark's own records are refused: ${reason}`)
    }
    const read = createLogReader({ node: 'w', logName: `in|${kind.toLowerCase()}`, now: Date.now, onRejected })
    const { decoded, counted } = measure(read, inputs[kind], observer)
    return [
      { name: `${kind} access log record, decoded`, value: decoded, unit: 'µs' },
      {
        name: `${kind} access log record, counted in its conversation`,
        value: counted,
        unit: 'µs',
        peer: { name: 'decoding it', value: decoded },
      },
    ]
  })
  observer.close()
  store.close()
  return figures
}
