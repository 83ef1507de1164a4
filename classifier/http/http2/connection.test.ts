import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { type EchoLog, echo } from '../testdata/echo.ts'
import { anyFrame, block, callHeaders, type Got, Peer } from '../testdata/peer.ts'
import { errorCode, flag, preface, settings, frameType as type } from './frames.ts'
import { maxFrameBytes, streamWindow } from './limits.ts'

const peers: Peer[] = []
afterEach(() => {
  for (const peer of peers.splice(0)) peer.end()
})

function aPeer(log?: EchoLog, now?: () => number): Peer {
  const peer = new Peer(echo(log), now)
  peers.push(peer)
  return peer
}

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const open = (stream: number, path = '/echo/say', flags = 0) =>
  anyFrame(type.headers, flag.endHeaders | flags, stream, callHeaders(path))
const message = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), Buffer.from(text)])
const data = (stream: number, bytes: Uint8Array, flags = 0) => anyFrame(type.data, flags, stream, bytes)
const goaway = (got: readonly Got[]) => got.find((it) => it.type === type.goaway)?.payload.readUInt32BE(4)
const resets = (got: readonly Got[]) =>
  got.filter((it) => it.type === type.reset).map(({ stream, payload }) => [stream, payload.readUInt32BE(0)])
const bodies = (got: readonly Got[], stream: number) =>
  Buffer.concat(
    got.filter((it) => it.type === type.data && it.stream === stream).map(({ payload }) => payload),
  ).toString()

test('a call, padded, prioritised and split over frames', async () => {
  const headers = callHeaders('/echo/say')
  const padded = Buffer.concat([
    Buffer.from([3]),
    Buffer.from([0, 0, 0, 0, 1]),
    headers.subarray(0, 7),
    Buffer.alloc(3),
  ])
  const peer = aPeer().start()
  peer.write(anyFrame(type.headers, flag.padded | flag.priority, 1, padded))
  peer.write(anyFrame(type.continuation, 0, 1), anyFrame(type.continuation, flag.endHeaders, 1, headers.subarray(7)))
  peer.write(data(1, Buffer.concat([Buffer.from([2]), message('hi').subarray(0, 4), Buffer.alloc(2)]), flag.padded))
  peer.write(data(1, message('hi').subarray(4)), data(1, new Uint8Array(0), flag.endStream))
  const got = await peer.settled()
  expect(bodies(got, 1)).toBe('\0\0\0\0\x02hi')
  expect(got.at(-1)).toMatchObject({ type: type.headers, flags: flag.endHeaders | flag.endStream, stream: 1 })
})

describe('what ends the connection', () => {
  test.each<[string, number, readonly Buffer[]]>([
    ['DATA of no stream', errorCode.protocol, [data(0, Buffer.alloc(1))]],
    ['DATA of a stream never opened', errorCode.protocol, [data(3, Buffer.alloc(1))]],
    ['DATA after the end', errorCode.streamClosed, [open(1, '/echo/wait', flag.endStream), data(1, Buffer.alloc(1))]],
    ['HEADERS of no stream', errorCode.protocol, [open(0)]],
    ['HEADERS of an even stream', errorCode.protocol, [open(2)]],
    ['HEADERS again without an end', errorCode.protocol, [open(1, '/echo/wait'), open(1)]],
    ['padding that is all there is', errorCode.protocol, [open(1), data(1, Buffer.from([5, 0]), flag.padded)]],
    ['padding of an empty frame', errorCode.protocol, [open(1), data(1, Buffer.alloc(0), flag.padded)]],
    [
      'a header block nobody can read',
      errorCode.compression,
      [anyFrame(type.headers, flag.endHeaders, 1, Buffer.from([0x80]))],
    ],
    ['CONTINUATION of nothing', errorCode.protocol, [anyFrame(type.continuation, 0, 1)]],
    [
      'a frame inside of a header block',
      errorCode.protocol,
      [anyFrame(type.headers, 0, 1), anyFrame(type.ping, 0, 0, Buffer.alloc(8))],
    ],
    ['CONTINUATION of another', errorCode.protocol, [anyFrame(type.headers, 0, 1), anyFrame(type.continuation, 0, 3)]],
    ['PUSH_PROMISE', errorCode.protocol, [anyFrame(type.pushPromise, 0, 1)]],
    ['PRIORITY of no stream', errorCode.protocol, [anyFrame(type.priority, 0, 0, Buffer.alloc(5))]],
    ['PRIORITY of another size', errorCode.frameSize, [anyFrame(type.priority, 0, 1, Buffer.alloc(4))]],
    ['RST_STREAM of a stream never opened', errorCode.protocol, [anyFrame(type.reset, 0, 1, Buffer.alloc(4))]],
    ['RST_STREAM of another size', errorCode.frameSize, [anyFrame(type.reset, 0, 1, Buffer.alloc(3))]],
    ['SETTINGS of a stream', errorCode.protocol, [anyFrame(type.settings, 0, 1)]],
    ['SETTINGS of another size', errorCode.frameSize, [anyFrame(type.settings, 0, 0, Buffer.alloc(5))]],
    [
      'a SETTINGS acknowledgement with content',
      errorCode.frameSize,
      [anyFrame(type.settings, flag.ack, 0, Buffer.alloc(6))],
    ],
    ['ENABLE_PUSH of 2', errorCode.protocol, [settings([[2, 2]])]],
    ['INITIAL_WINDOW_SIZE of 2^31', errorCode.flowControl, [settings([[4, 2 ** 31]])]],
    ['MAX_FRAME_SIZE of 1', errorCode.protocol, [settings([[5, 1]])]],
    ['PING of a stream', errorCode.protocol, [anyFrame(type.ping, 0, 1, Buffer.alloc(8))]],
    ['PING of another size', errorCode.frameSize, [anyFrame(type.ping, 0, 0, Buffer.alloc(7))]],
    ['GOAWAY of a stream', errorCode.protocol, [anyFrame(type.goaway, 0, 1, Buffer.alloc(8))]],
    ['WINDOW_UPDATE of nothing', errorCode.protocol, [anyFrame(type.windowUpdate, 0, 0, number(0))]],
    ['WINDOW_UPDATE past 2^31', errorCode.flowControl, [anyFrame(type.windowUpdate, 0, 0, number(0x7fff_ffff))]],
    ['WINDOW_UPDATE of another size', errorCode.frameSize, [anyFrame(type.windowUpdate, 0, 0, Buffer.alloc(3))]],
    ['a frame too large', errorCode.frameSize, [anyFrame(type.data, 0, 1, Buffer.alloc(maxFrameBytes + 1))]],
    [
      'a header block too large',
      errorCode.enhanceYourCalm,
      [
        anyFrame(type.headers, 0, 1),
        ...Array.from({ length: 3 }, () => anyFrame(type.continuation, 0, 1, Buffer.alloc(16_000))),
      ],
    ],
    [
      'empty CONTINUATIONs without end',
      errorCode.enhanceYourCalm,
      [anyFrame(type.headers, 0, 1), ...Array.from({ length: 4_000 }, () => anyFrame(type.continuation, 0, 1))],
    ],
  ])('%s', async (_what, code, frames) => {
    const peer = aPeer()
      .start()
      .write(...frames)
    expect(goaway(await peer.settled())).toBe(code)
    expect([peer.closed, peer.connection.streams]).toEqual([true, 0])
  })

  test('something that is not HTTP/2', async () => {
    const peer = aPeer().write(Buffer.from('GET / HTTP/1.1\r\n'))
    expect(goaway(await peer.settled())).toBe(errorCode.protocol)
  })

  test('settings that do not come first', async () => {
    const peer = aPeer().write(preface, anyFrame(type.ping, 0, 0, Buffer.alloc(8)))
    expect(goaway(await peer.settled())).toBe(errorCode.protocol)
  })

  test('streams that are opened only to be reset, more of them than any Envoy would', async () => {
    let clock = 0
    const peer = aPeer(undefined, () => clock).start()
    const pair = (i: number) => [open(i * 2 + 1, '/echo/wait'), anyFrame(type.reset, 0, i * 2 + 1, number(8))]
    const rapid = (from: number, count: number) =>
      Buffer.concat(Array.from({ length: count }, (_, i) => pair(from + i)).flat())
    peer.write(rapid(0, 20_000))
    expect(goaway(await peer.settled())).toBeUndefined()
    clock = 1_000
    peer.write(rapid(20_000, 5_000))
    expect(goaway(await peer.settled())).toBeUndefined()
    peer.write(rapid(25_000, 1))
    expect(goaway(await peer.settled())).toBe(errorCode.enhanceYourCalm)
  })
})

describe('what ends one stream only', () => {
  test.each<[string, number, readonly Buffer[]]>([
    [
      'more than its window',
      errorCode.flowControl,
      Array.from({ length: 9 }, () => data(1, Buffer.alloc(streamWindow / 8))),
    ],
    ['a message too large', errorCode.enhanceYourCalm, [data(1, Buffer.from([0, 0xff, 0, 0, 0]))]],
    ['a compressed message', errorCode.enhanceYourCalm, [data(1, Buffer.from([1, 0, 0, 0, 0]))]],
    ['an end inside of a message', errorCode.protocol, [data(1, Buffer.from([0, 0]), flag.endStream)]],
    ['WINDOW_UPDATE of nothing', errorCode.protocol, [anyFrame(type.windowUpdate, 0, 1, number(0))]],
    ['WINDOW_UPDATE past 2^31', errorCode.flowControl, [anyFrame(type.windowUpdate, 0, 1, number(0x7fff_ffff))]],
  ])('%s', async (_what, code, frames) => {
    const log: EchoLog = { calls: [], events: [] }
    const peer = aPeer(log).start().write(open(1, '/echo/wait'))
    await peer.settled()
    log.calls[0]!.pause()
    // first a message that never ends, so that a pile of DATA is legal but for its amount
    if (code === errorCode.flowControl && frames.length > 1) peer.write(data(1, Buffer.from([0, 0, 0x1f, 0, 0])))
    peer.write(...frames, open(3), data(3, message('alive')))
    const got = await peer.settled()
    expect([resets(got), bodies(got, 3).slice(5), log.events.at(0)]).toEqual([[[1, code]], 'alive', 'closed'])
  })
})

test('frames and settings nobody knows are ignored', async () => {
  const peer = aPeer().write(preface, settings([[0x99, 7]]), anyFrame(77, 255, 9, Buffer.alloc(3)), open(1))
  const got = await peer.write(data(1, message('ok'))).settled()
  expect(bodies(got, 1).slice(5)).toBe('ok')
})

test('frames that cross a reset of ours are no error', async () => {
  const peer = aPeer()
    .start()
    .write(open(1, '/echo/fail'), data(1, message('late')), anyFrame(type.windowUpdate, 0, 1, number(1)))
  const got = await peer.write(anyFrame(type.headers, flag.endHeaders | flag.endStream, 1, block(['a', 'b']))).settled()
  expect([goaway(got), resets(got)]).toEqual([undefined, [[1, errorCode.none]]])
})

test('a peer that does not read is sent no more than its socket takes, whatever its windows are', async () => {
  const log: EchoLog = { calls: [], events: [] }
  const wide = 0x7fff_ffff
  const peer = aPeer(log).write(
    preface,
    settings([[4, wide]]),
    anyFrame(type.windowUpdate, 0, 0, number(wide - 65_535)),
    open(1, '/echo/wait'),
  )
  await peer.settled()
  peer.read(false)
  const [call] = log.calls
  call!.send(Buffer.alloc(2_000_000))
  await peer.settled()
  expect(call!.unsent).toBeGreaterThan(1_500_000)
  peer.read(true)
  while (call!.unsent > 0) await peer.settled()
  expect(log.events).toEqual(['drained'])
})

describe('draining', () => {
  const answered = (got: readonly Got[]) =>
    got.filter((it) => it.type === type.goaway).map(({ payload }) => payload.readUInt32BE(0))
  const pings = (got: readonly Got[]) => got.filter((it) => it.type === type.ping).map(({ payload }) => payload)

  test('takes what crosses its notice, then names the last and refuses the rest', async () => {
    const peer = aPeer().start().write(open(1))
    await peer.settled()
    peer.connection.drain()
    peer.write(open(3))
    const [ping] = pings(await peer.settled())
    peer.write(anyFrame(type.ping, flag.ack, 0, ping!), open(5))
    expect([answered(await peer.settled()), resets(peer.got), peer.closed]).toEqual([
      [0x7fff_ffff, 3],
      [[5, errorCode.refusedStream]],
      false,
    ])
    peer.write(data(1, message('a'), flag.endStream), data(3, message('b'), flag.endStream))
    const got = await peer.settled()
    expect([bodies(got, 1).slice(5), bodies(got, 3).slice(5), peer.closed]).toEqual(['a', 'b', true])
  })

  test('an idle connection closes at once', async () => {
    const peer = aPeer().start()
    await peer.settled()
    peer.connection.drain()
    const [ping] = pings(await peer.settled())
    await peer.write(anyFrame(type.ping, flag.ack, 0, ping!)).settled()
    expect(peer.closed).toBe(true)
  })
})

test('cut anywhere, the bytes mean the same', async () => {
  const conversation = Buffer.concat([
    preface,
    settings([]),
    open(1),
    data(1, message('one')),
    open(3),
    data(3, message('two'), flag.endStream),
    data(1, message('three'), flag.endStream),
  ])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: conversation.length }), { maxLength: 6 }), async (cuts) => {
      const peer = aPeer()
      const at = [0, ...cuts.sort((a, b) => a - b), conversation.length]
      for (let i = 1; i < at.length; i++) peer.write(conversation.subarray(at[i - 1], at[i]))
      const got = await peer.settled()
      expect([bodies(got, 1), bodies(got, 3)]).toEqual(['\0\0\0\0\x03one\0\0\0\0\x05three', '\0\0\0\0\x03two'])
    }),
    { numRuns: 100 },
  )
  for (let at = 0; at <= conversation.length; at++) {
    const peer = aPeer().write(conversation.subarray(0, at), conversation.subarray(at))
    expect(bodies(await peer.settled(), 1)).toBe('\0\0\0\0\x03one\0\0\0\0\x05three')
  }
})

describe('whatever comes', () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(
        fc.integer({ min: 0, max: 10 }),
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 0, max: 9 }),
        fc.uint8Array({ maxLength: 30 }),
      )
      .map(([kind, flags, stream, payload]) => anyFrame(kind, flags, stream, payload)),
    fc.constantFrom(open(1), open(3, '/echo/wait'), open(5, '/echo/fail'), open(7, '/echo/say', flag.endStream)),
    fc
      .tuple(fc.constantFrom(1, 3, 5, 7), fc.boolean())
      .map(([stream, end]) => data(stream, message('m'), end ? flag.endStream : 0)),
    fc
      .tuple(fc.constantFrom(0, 1, 3), fc.nat(0x7fff_ffff))
      .map(([stream, by]) => anyFrame(type.windowUpdate, 0, stream, number(by))),
    fc.nat(70_000).map((window) => settings([[4, window]])),
    fc.constant(anyFrame(type.settings, flag.ack, 0)),
  )

  test('it is served, refused or the end; never an exception, and nothing stays', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(anything, { maxLength: 25 }), async (proper, frames) => {
        const log: EchoLog = { calls: [], events: [] }
        const peer = aPeer(log)
        if (proper) peer.start()
        await peer.write(...frames).settled()
        peer.end()
        await peer.settled()
        expect(peer.connection.streams).toBe(0)
        // every call that was begun has come to an end that its handler knows of, or made itself
        for (const call of log.calls) call.send(Buffer.from('x'))
        expect(log.calls.map(({ unsent }) => unsent).filter((unsent) => unsent > 0)).toEqual([])
      }),
      { numRuns: 700 },
    )
  })
})
