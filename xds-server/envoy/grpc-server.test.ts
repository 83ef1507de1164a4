import { Client, credentials, type handleClientStreamingCall, type ServiceError } from '@grpc/grpc-js'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { anIdentity } from '../../test/support/identity.ts'
import { createGrpcServer, type GrpcServer, raiseStreamResetLimits, type TlsFiles } from './grpc-server.ts'
import { accessLogService } from './services.ts'

let identity: { readonly tls: TlsFiles; readonly ca: string }
let server: GrpcServer

beforeAll(async () => {
  identity = await anIdentity('localhost', '127.0.0.1')
})

afterEach(() => server.close(0))

const method = accessLogService.stream
const connect = (port: number) => new Client(`localhost:${port}`, credentials.createSsl(Buffer.from(identity.ca)))

/** A log sink; `onMessage` hears every message of every stream. */
async function start(onMessage: () => void): Promise<number> {
  const stream: handleClientStreamingCall<Buffer, Buffer> = (call, done) => {
    call.on('error', () => {})
    call.on('data', onMessage)
    call.on('end', () => done(null, Buffer.alloc(0)))
  }
  server = createGrpcServer(identity.tls)
  server.server.addService(accessLogService, { stream })
  return server.listen('localhost', 0)
}

function open(client: Client, onEnd: (error: ServiceError | null) => void = () => {}) {
  const call = client.makeClientStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, onEnd)
  call.write(Buffer.from([0x0a, 0x00]))
  return call
}

/** Messages that arrived, and a promise of the next `count`. */
function counter() {
  let [seen, wanted, tell] = [0, 0, () => {}]
  return {
    count: () => {
      seen += 1
      if (seen === wanted) tell()
    },
    next: (count: number) =>
      new Promise<void>((resolve) => {
        wanted = seen + count
        tell = resolve
      }),
  }
}

describe('the server', () => {
  test('survives 2,000 resets on one connection with a live stream on it', async () => {
    const messages = counter()
    const client = connect(await start(messages.count))
    const burst = async (count: number) => {
      const arrived = messages.next(count)
      const calls = Array.from({ length: count }, () => open(client))
      await arrived
      for (const call of calls) call.cancel()
    }
    let failed: unknown
    const arrived = messages.next(1)
    const live = open(client, (error) => {
      failed = error
    })
    await arrived
    for (let n = 0; n < 4; n += 1) await burst(500)
    const alive = messages.next(1)
    live.write(Buffer.from([0x0a, 0x00]))
    await alive
    expect(failed).toBeUndefined()
    client.close()
  })

  test('is refused a start where grpc-js has no place for the limits', async () => {
    await start(() => {})
    expect(() => raiseStreamResetLimits({})).toThrow('the HTTP/2 reset limits can not be raised')
  })

  test('cuts what has not ended when the grace is over', async () => {
    const messages = counter()
    const client = connect(await start(messages.count))
    const arrived = messages.next(1)
    const ended = new Promise<number | undefined>((resolve) => open(client, (error) => resolve(error?.code)))
    await arrived
    await server.close(10)
    expect(await ended).not.toBe(0)
    client.close()
  })
})
