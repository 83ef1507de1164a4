import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type ClientHttp2Session, connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { anIdentity } from '../../../test/support/identity.ts'
import { type EchoLog, echo } from '../testdata/echo.ts'
import { createHttp2Server, type Http2Server } from './server.ts'

let folder: string
let socket: string
let server: Http2Server
let log: EchoLog

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-http2-'))
  socket = join(folder, 'socket')
  log = { calls: [], events: [] }
  server = createHttp2Server(echo(log))
  server.server.listen(socket)
  await once(server.server, 'listening')
})
afterEach(async () => {
  server.cut()
  await server.drain()
  rmSync(folder, { recursive: true })
})

const identity = (bytes: Buffer): Buffer => bytes

describe('grpc-js as client', () => {
  let client: Client
  beforeEach(() => {
    client = new Client(`unix:${socket}`, credentials.createInsecure())
  })
  afterEach(() => client.close())

  const open = (method: string, metadata = new Metadata()) =>
    client.makeBidiStreamRequest(`/echo/${method}`, identity, identity, metadata)

  test('messages of every size come back whole and in order', async () => {
    const sizes = [0, 1, 100, 16_379, 16_384, 65_535, 131_072, 1_000_000]
    const stream = open('say')
    const got: number[] = []
    stream.on('data', (bytes: Buffer) => got.push(bytes.every((byte) => byte === 7) ? bytes.length : -1))
    for (const size of sizes) stream.write(Buffer.alloc(size, 7))
    stream.end()
    await once(stream, 'end')
    expect(got).toEqual(sizes)
  })

  test('a connection carries more than its window', async () => {
    const stream = open('say')
    let got = 0
    stream.on('data', (bytes: Buffer) => {
      got += bytes.length
    })
    for (let i = 0; i < 12; i++) stream.write(Buffer.alloc(1_000_000))
    stream.end()
    await once(stream, 'end')
    expect(got).toBe(12_000_000)
  })

  test('metadata is read, repeated and long values too', async () => {
    const metadata = new Metadata()
    metadata.set('x-postern-profile', 'p'.repeat(3_000))
    metadata.set('odd', ' !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~')
    const stream = open('say', metadata)
    stream.on('data', () => {})
    stream.end()
    await once(stream, 'status')
    expect([
      log.calls[0]!.metadata('x-postern-profile').length,
      log.calls[0]!.metadata('odd'),
      log.calls[0]!.metadata('none'),
    ]).toEqual([3_000, ' !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', ''])
  })

  test('an error reaches the client with its code and its text', async () => {
    const stream = open('fail')
    stream.on('data', () => {})
    const [error] = await once(stream, 'error')
    expect([error.code, error.details]).toEqual([14, 'not today, 100 ? sure'])
  })

  test('a client that hangs up is noticed, and its call answers nothing any more', async () => {
    const stream = open('wait')
    stream.on('error', () => {})
    stream.write(Buffer.from('x'))
    while (!log.events.includes('message 1')) await new Promise(setImmediate)
    stream.cancel()
    while (!log.events.includes('closed')) await new Promise(setImmediate)
    log.calls[0]!.send(Buffer.from('late'))
    expect(log.calls[0]!.unsent).toBe(0)
  })

  test('draining serves what is under way, and then the socket is gone', async () => {
    const stream = open('say')
    const got: string[] = []
    stream.on('data', (bytes: Buffer) => got.push(bytes.toString()))
    stream.write(Buffer.from('before'))
    while (got.length < 1) await new Promise(setImmediate)
    const drained = server.drain()
    stream.write(Buffer.from('after'))
    while (got.length < 2) await new Promise(setImmediate)
    stream.end()
    await drained
    expect(got).toEqual(['before', 'after'])
  })

  test('many calls at once', async () => {
    const calls = Array.from({ length: 300 }, async (_, i) => {
      const stream = open('say')
      stream.end(Buffer.from(`${i}`))
      const [bytes] = await once(stream, 'data')
      return bytes.toString()
    })
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 300 }, (_, i) => `${i}`))
  })
})

describe('node:http2 as client', () => {
  let session: ClientHttp2Session
  beforeEach(() => {
    session = connect('http://localhost', {
      createConnection: () => connectSocket(socket),
      settings: { initialWindowSize: 1_000 },
    })
    session.on('error', () => {})
  })
  afterEach(() => session.destroy())

  const call = (headers: Readonly<Record<string, string | string[]>>) =>
    session.request({
      ':method': 'POST',
      ':path': '/echo/say',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })

  test('every byte a header value may have survives Huffman coding', async () => {
    const values = Array.from({ length: 256 }, (_, byte) => byte).filter(
      (byte) => byte === 9 || (byte >= 32 && byte !== 127),
    )
    for (const byte of values) {
      // so many short codes that nghttp2 prefers the coded form
      const value = `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa${String.fromCharCode(byte)}e`
      const stream = call({ odd: value })
      stream.end()
      stream.resume()
      await once(stream, 'close')
      expect(log.calls.at(-1)!.metadata('odd')).toBe(value)
    }
  })

  test('a small window is respected and does not lose a byte', async () => {
    const stream = call({})
    const prefix = Buffer.from([0, 0, 0, 0x40, 0])
    stream.end(Buffer.concat([prefix, Buffer.alloc(0x4000, 'x')]))
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(stream, 'end')
    expect(Buffer.concat(chunks).equals(Buffer.concat([prefix, Buffer.alloc(0x4000, 'x')]))).toBe(true)
  })

  test('a call that does not read gives the client no more than its window', async () => {
    const stream = call({ ':path': '/echo/wait' })
    stream.on('error', () => {})
    stream.write(Buffer.from([0, 0, 16, 0, 0]))
    while (log.calls.length === 0) await new Promise(setImmediate)
    log.calls[0]!.pause()
    let taken = 0
    const chunk = Buffer.alloc(16_384)
    for (let i = 0; i < 60; i++) stream.write(chunk, () => (taken += chunk.length))
    await new Promise((resolve) => session.ping(resolve))
    expect(taken).toBeLessThanOrEqual(131_072)
    log.calls[0]!.resume()
    while (taken < 60 * chunk.length) await new Promise(setImmediate)
  })

  test('streams above the cap are refused, not the connection', async () => {
    // node:http2 obeys the setting and waits, so the 1,001st is only sent when one of the others has ended
    const streams = Array.from({ length: 1_001 }, () => call({ ':path': '/echo/wait' }))
    for (const stream of streams) stream.on('error', () => {})
    while (log.calls.length < 1_000) await new Promise(setImmediate)
    await new Promise((resolve) => session.ping(resolve))
    expect([session.remoteSettings.maxConcurrentStreams, log.calls.length]).toEqual([1_000, 1_000])
    streams[0]!.close()
    while (log.calls.length < 1_001) await new Promise(setImmediate)
  })

  test('a header block in many frames', async () => {
    const stream = call({ long: 'y'.repeat(20_000) })
    stream.end()
    stream.resume()
    await once(stream, 'close')
    expect(log.calls[0]!.metadata('long').length).toBe(20_000)
  })
})

test('TLS', async () => {
  const { tls, ca } = await anIdentity('localhost')
  const secure = createHttp2Server(echo(), tls)
  secure.server.listen(0, '127.0.0.1')
  await once(secure.server, 'listening')
  const { port } = secure.server.address() as { port: number }
  const client = new Client(`localhost:${port}`, credentials.createSsl(Buffer.from(ca)))
  const stream = client.makeBidiStreamRequest('/echo/say', identity, identity)
  stream.end(Buffer.from('sealed'))
  const [bytes] = await once(stream, 'data')
  client.close()
  secure.cut()
  await secure.drain()
  expect(bytes.toString()).toBe('sealed')
})
