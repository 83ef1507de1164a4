import { EventEmitter, once } from 'node:events'
import { Client, type ClientWritableStream, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import pino from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { anIdentity, verifierOf } from '../../test/support/identity.ts'
import { createGrpcServer, type TlsFiles } from '../envoy/grpc-server.ts'
import { accessLogService } from '../envoy/services.ts'
import { tokenLine } from '../envoy/verifier.ts'
import { createAccessLogService } from './access-log-service.ts'
import { createMetrics } from './metrics.ts'
import type { AccessRecord } from './model.ts'
import { httpLog, identifier, tcpLog } from './testdata/log-messages.ts'

const verifier = verifierOf(tokenLine('db', 'db-token'), tokenLine('ui', 'ui-token'))
let identity: { readonly tls: TlsFiles; readonly ca: string }
beforeAll(async () => {
  identity = await anIdentity('localhost')
})

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A server on loopback and a client of it; `until` resolves once that many records have arrived. */
async function aSink(onRecords: (records: readonly AccessRecord[]) => void = () => {}) {
  const records: AccessRecord[] = []
  const arrivals = new EventEmitter().setMaxListeners(0)
  const metrics = createMetrics(new Registry())
  const service = createAccessLogService({
    verifier,
    onRecords: (more) => {
      onRecords(more)
      records.push(...more)
      arrivals.emit('records')
    },
    metrics,
    log: pino({ level: 'silent' }),
    now: Date.now,
  })
  const server = createGrpcServer(identity.tls)
  service.register(server.server)
  const port = await server.listen('localhost', 0)
  const client = new Client(`localhost:${port}`, credentials.createSsl(Buffer.from(identity.ca)))
  closers.push(
    () => client.close(),
    () => server.close(0),
  )
  const until = async (count: number) => {
    while (records.length < count) await once(arrivals, 'records')
  }
  return { records, client, until, metrics }
}

type Sidecar = { readonly call: ClientWritableStream<Buffer>; readonly ended: Promise<ServiceError | null> }

function connect(client: Client, token: string | undefined): Sidecar {
  const { path, requestSerialize, responseDeserialize } = accessLogService.stream
  const metadata = new Metadata()
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`)
  let end: (error: ServiceError | null) => void = () => {}
  const ended = new Promise<ServiceError | null>((resolve) => {
    end = resolve
  })
  const call = client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, metadata, (error) =>
    end(error),
  )
  return { call, ended }
}
const send = ({ call }: Sidecar, bytes: Uint8Array) => call.write(Buffer.from(bytes))

describe('a sidecar', () => {
  test('that proves who it is has its records taken, as its own, whatever it says later', async () => {
    const { client, until, records } = await aSink()
    const sidecar = connect(client, 'db-token')
    send(sidecar, tcpLog([{ stream: 'a' }], identifier('db', 'in|tcp')))
    send(sidecar, tcpLog([{ stream: 'b' }], identifier('ui', 'out|http')))
    await until(2)
    expect(records.map((r) => [r.node, r.direction, r.stream])).toEqual([
      ['db', 'inbound', 'a'],
      ['db', 'inbound', 'b'],
    ])
    sidecar.call.end()
    expect(await sidecar.ended).toBeNull()
  })

  const refusals = [
    ['without a token', undefined, 'db', status.UNAUTHENTICATED],
    ['with an unknown token', 'guess', 'db', status.UNAUTHENTICATED],
    ["with another's token", 'ui-token', 'db', status.PERMISSION_DENIED],
    ['that does not say who it is', 'db-token', undefined, status.INVALID_ARGUMENT],
  ] as const
  test.each(refusals)('%s is refused', async (_, token, node, code) => {
    const { client, records, metrics } = await aSink()
    const sidecar = connect(client, token)
    send(sidecar, tcpLog([{}], node && identifier(node, 'in|tcp')))
    expect((await sidecar.ended)?.code).toBe(code)
    expect([records, (await metrics.streams.get()).values[0]?.value]).toEqual([[], 0])
  })

  test('hears nothing of what goes wrong with its records', async () => {
    const { client } = await aSink(() => {
      throw new Error('a secret of ours')
    })
    const sidecar = connect(client, 'db-token')
    send(sidecar, tcpLog([{}], identifier('db', 'in|tcp')))
    const error = await sidecar.ended
    expect([error?.code, error?.details]).toEqual([status.INTERNAL, 'internal error'])
  })
})

/** `ends`: properly, or reset as Envoy resets a stream it is done with. */
async function shortStream(client: Client, stream: string, reset: boolean, until: () => Promise<void>): Promise<void> {
  const sidecar = connect(client, 'db-token')
  send(sidecar, tcpLog([{ stream }], identifier('db', 'in|tcp')))
  if (!reset) sidecar.call.end()
  else await until().then(() => sidecar.call.cancel())
  await sidecar.ended
}

describe('many', () => {
  test('5,000 streams that are opened and closed at once on one connection lose no record', async () => {
    const { client, until, records, metrics } = await aSink()
    for (let batch = 0; batch < 10; batch++) {
      const arrived = () => until((batch + 1) * 500)
      const streams = Array.from({ length: 500 }, (_, i) => shortStream(client, `${batch}-${i}`, i % 2 === 1, arrived))
      await Promise.all(streams)
    }
    expect(new Set(records.map((r) => r.stream)).size).toBe(5_000)
    expect((await metrics.streams.get()).values[0]?.value).toBe(0)
  })

  test('5,000 records of closed connections on one stream arrive in order', async () => {
    const { client, until, records } = await aSink()
    const sidecar = connect(client, 'db-token')
    const messages = Array.from({ length: 50 }, (_, m) =>
      httpLog(
        Array.from({ length: 100 }, (_, i) => ({ tags: { incident: `${m * 100 + i}` } })),
        m === 0 ? identifier('db', 'in|http') : undefined,
      ),
    )
    for (const message of messages) send(sidecar, message)
    await until(5_000)
    expect(records.map((r) => r.stream)).toEqual(Array.from({ length: 5_000 }, (_, i) => String(i)))
    sidecar.call.end()
    await sidecar.ended
  })
})
