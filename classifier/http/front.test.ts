import { afterEach, describe, expect, test } from 'vitest'
import type { Exchange, Inspector, Verdict } from '../inspection/model.ts'
import { aProfile } from '../inspection/testdata/builders.ts'
import { tokenFor } from './authenticate.ts'
import { createFront, type FrontOptions } from './front.ts'
import { flag, frameType as type } from './http2/frames.ts'
import { defaultTimes } from './limits.ts'
import { anInspector, aPlan, clean, type TestInspector } from './testdata/inspector.ts'
import { anyFrame, block, Peer } from './testdata/peer.ts'
import { decodeResponse, encodeRequest } from './testdata/proto.ts'

const secret = Buffer.from('between us')
const path = '/envoy.service.ext_proc.v3.ExternalProcessor/Process'
const profiles = {
  inline: { plan: aPlan({ requestBytes: 100 }), profile: aProfile('inline') },
  watch: { plan: aPlan({ requestBytes: 100 }), profile: aProfile('watch', { enforce: false }) },
}

const peers: Peer[] = []
afterEach(() => {
  for (const peer of peers.splice(0)) peer.end()
})

function served(options: Partial<FrontOptions> = {}): Peer {
  const peer = new Peer(createFront({ inspector: anInspector(profiles), secret, ...options }))
  peers.push(peer)
  return peer.start()
}

type Who = { readonly profile?: string; readonly authorization?: string; readonly path?: string }

function call(stream: number, { profile = 'inline', authorization, path: called = path }: Who = {}): Buffer {
  const fields = block(
    [':path', called],
    ['x-postern-profile', profile],
    ['authorization', authorization ?? `Bearer ${tokenFor(secret, profile)}`],
  )
  return anyFrame(type.headers, flag.endHeaders, stream, fields)
}

function say(stream: number, message: object, end = false): Buffer {
  const bytes = encodeRequest(message)
  const prefix = Buffer.from([0, 0, 0, bytes.length >> 8, bytes.length & 255])
  return anyFrame(type.data, end ? flag.endStream : 0, stream, Buffer.concat([prefix, bytes]))
}

const begin = (end: boolean, mode = 4, header = 'fine') => ({
  request_headers: { headers: { headers: [{ key: 'x', raw_value: Buffer.from(header) }] }, end_of_stream: end },
  protocol_config: { request_body_mode: mode, response_body_mode: mode },
})
const body = (text: string, end = false) => ({ request_body: { body: Buffer.from(text), end_of_stream: end } })

/** What came back on a stream: names of answers, a refusal's status, the call's end. */
async function answers(peer: Peer, stream: number): Promise<readonly string[]> {
  const got = (await peer.settled()).filter((it) => it.stream === stream)
  return got.flatMap(({ type: kind, flags, payload }) => {
    if (kind === type.headers && (flags & flag.endStream) !== 0)
      return [`end ${/grpc-status.(\d+)/s.exec(payload.toString('latin1'))![1]}`]
    if (kind !== type.data) return []
    const answer = decodeResponse(payload.subarray(5)) as { immediate_response?: { status: { code: string } } }
    return [answer.immediate_response?.status.code ?? Object.keys(answer)[0]!]
  })
}

describe('who may ask', () => {
  test.each<[string, Who, string]>([
    ['a token of another profile', { authorization: `Bearer ${tokenFor(secret, 'watch')}` }, 'end 16'],
    ['a token of another secret', { authorization: `Bearer ${tokenFor('no secret', 'inline')}` }, 'end 16'],
    ['no token', { authorization: '' }, 'end 16'],
    ['a token cut short', { authorization: `Bearer ${tokenFor(secret, 'inline').slice(1)}` }, 'end 16'],
    ['no profile', { profile: '' }, 'end 16'],
    ['another method', { path: '/grpc.health.v1.Health/Check' }, 'end 12'],
  ])('%s: refused', async (_what, who, end) => {
    const peer = served().write(call(1, who), say(1, begin(true)))
    expect(await answers(peer, 1)).toEqual([end])
  })

  test('the right token, again and again', async () => {
    const peer = served().write(
      call(1),
      say(1, begin(true)),
      call(3),
      say(3, begin(true)),
      call(5, { authorization: `Bearer ${tokenFor(secret, 'x')}` }),
    )
    expect([await answers(peer, 1), await answers(peer, 3), await answers(peer, 5)]).toEqual([
      ['request_headers'],
      ['request_headers'],
      ['end 16'],
    ])
  })
})

test('never OK before a verdict: a client that stops asking gets CANCELLED', async () => {
  const peer = served().write(call(1), say(1, begin(false), true))
  expect(await answers(peer, 1)).toEqual(['end 1'])
  peer.write(call(3), say(3, begin(true, 4, 'HANG'), true))
  expect(await answers(peer, 3)).toEqual(['end 1'])
})

test('bytes that are no message end the call, not the connection', async () => {
  const junk = anyFrame(type.data, 0, 1, Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff]))
  const peer = served().write(call(1), junk, call(3), say(3, body('x')), call(5), say(5, begin(true)))
  expect([await answers(peer, 1), await answers(peer, 3), await answers(peer, 5)]).toEqual([
    ['end 3'],
    ['end 3'],
    ['request_headers'],
  ])
})

test('an Envoy that does not say what it does with bodies is refused', async () => {
  const { request_headers } = begin(true)
  expect(await answers(served().write(call(1), say(1, { request_headers })), 1)).toEqual(['end 9'])
})

describe('a profile that is not here yet', () => {
  const later = (): { inspector: Inspector; arrive: (there: boolean) => void; known: TestInspector } => {
    const known = anInspector(profiles)
    const { promise, resolve } = Promise.withResolvers<Exchange | undefined>()
    return {
      inspector: { begin: () => promise, profile: known.profile },
      arrive: (there) => resolve(there ? (known.begin('inline') as Exchange) : undefined),
      known,
    }
  }

  test('what comes meanwhile waits for it', async () => {
    const { inspector, arrive, known } = later()
    const pieces = [say(1, body('EV')), say(1, body('IL', true))]
    const peer = served({ inspector }).write(call(1), say(1, begin(false)), ...pieces)
    expect(await answers(peer, 1)).toEqual([])
    for (const piece of pieces) piece.fill(0) // the transport may use its memory again
    arrive(true)
    expect(await answers(peer, 1)).toEqual(['Forbidden'])
    expect(known.seen[0]).toMatchObject({ call: 'request', body: 'EVIL', end: true })
  })

  test('and where it does not come the call fails', async () => {
    const { inspector, arrive } = later()
    const peer = served({ inspector }).write(call(1), say(1, begin(true)))
    await peer.settled()
    arrive(false)
    expect(await answers(peer, 1)).toEqual(['end 9'])
  })

  test('a client that is gone by then leaves nothing', async () => {
    const { inspector, arrive, known } = later()
    const peer = served({ inspector }).write(call(1), say(1, begin(true)), anyFrame(type.reset, 0, 1, Buffer.alloc(4)))
    await peer.settled()
    arrive(true)
    await peer.settled()
    expect(known.seen).toEqual([{ call: 'drop' }])
  })
})

test('what is held for all together is bounded: past it a request is refused, and room comes back', async () => {
  const peer = served({ heldBytes: 100 })
  peer.write(call(1), say(1, begin(false)), say(1, body('a'.repeat(60))))
  peer.write(call(3), say(3, begin(false)), say(3, body('b'.repeat(60))))
  expect([await answers(peer, 1), await answers(peer, 3)]).toEqual([[], ['ServiceUnavailable']])
  peer.write(anyFrame(type.reset, 0, 3, Buffer.alloc(4)), call(7), say(7, begin(false)), say(7, body('d'.repeat(30))))
  expect(await answers(peer, 7)).toEqual([])
  peer.write(anyFrame(type.reset, 0, 7, Buffer.alloc(4)), say(1, body('', true)))
  expect(await answers(peer, 1)).toEqual(['request_headers', 'request_body'])
  peer.write(call(9), say(9, begin(false)), say(9, body('c'.repeat(90))), say(9, body('', true)))
  expect(await answers(peer, 9)).toEqual(['request_headers', 'request_body'])
})

test('a reset drops the exchange, and a verdict that comes later goes nowhere', async () => {
  const inspector = anInspector(profiles)
  const { promise, resolve } = Promise.withResolvers<Verdict>()
  const slow: Inspector = {
    profile: inspector.profile,
    begin: (id) => ({ ...(inspector.begin(id) as Exchange), request: () => promise }),
  }
  const peer = served({ inspector: slow }).write(call(1), say(1, begin(true)))
  await peer.settled()
  peer.write(anyFrame(type.reset, 0, 1, Buffer.alloc(4)))
  await peer.settled()
  resolve(clean)
  expect([await answers(peer, 1), inspector.seen]).toEqual([[], [{ call: 'drop' }]])
})

test('an inspection that throws, refuses or hangs gives no verdict', async () => {
  const inspector = anInspector(profiles)
  const failing = (request: Exchange['request']): Inspector => ({
    profile: inspector.profile,
    begin: (id) => ({ ...(inspector.begin(id) as Exchange), request }),
  })
  const times = { ...defaultTimes, verdict: 1, observedVerdict: 1 }
  for (const request of [
    () => {
      throw new Error('thrown')
    },
    () => Promise.reject(new Error('refused')),
    () => new Promise<never>(() => {}),
  ]) {
    const peer = served({ inspector: failing(request), times }).write(call(1), say(1, begin(true)))
    peer.write(call(3, { profile: 'watch' }), say(3, begin(true, 1)))
    while ((await answers(peer, 1)).length === 0 || (await answers(peer, 3)).length === 0)
      await new Promise(setImmediate)
    expect([await answers(peer, 1), await answers(peer, 3)]).toEqual([['ServiceUnavailable'], ['request_headers']])
  }
})

test('questions are asked one after the other', async () => {
  const inspector = anInspector(profiles)
  const { promise, resolve } = Promise.withResolvers<Verdict>()
  const slow: Inspector = {
    profile: inspector.profile,
    begin: (id) => ({ ...(inspector.begin(id) as Exchange), request: () => promise }),
  }
  const response = { response_headers: { headers: { headers: [] }, end_of_stream: true } }
  const peer = served({ inspector: slow }).write(
    call(1, { profile: 'watch' }),
    say(1, begin(true, 1)),
    say(1, response),
  )
  await peer.settled()
  expect(inspector.seen).toEqual([])
  resolve(clean)
  expect(await answers(peer, 1)).toEqual(['request_headers', 'response_headers'])
  expect(inspector.seen.map((it) => it.call)).toEqual(['response'])
})
