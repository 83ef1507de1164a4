import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Verdict } from '../../inspection/model.ts'
import { defaultTimes } from '../limits.ts'
import type { BodyMode, Headers, ProcessingRequest, Side } from '../messages/request.ts'
import { aPlan, clean } from '../testdata/inspector.ts'
import { decodeResponse } from '../testdata/proto.ts'
import type { Context, Effect, Event, State } from './model.ts'
import { initial, step } from './step.ts'

const aContext = (over: Partial<Context> = {}): Context => ({
  plan: aPlan({ requestBytes: 10, responseBytes: 10 }),
  profile: 'p',
  enforce: true,
  times: defaultTimes,
  modes: { request: 'fullDuplex', response: 'fullDuplex' },
  ...over,
})
const modes = (request: BodyMode, response: BodyMode = request) => ({ request, response })

const message = (it: ProcessingRequest): Event => ({ kind: 'message', message: it })
const headers = (side: Side, end = false, over: Headers['headers'] = []): Event =>
  message({
    kind: 'headers',
    side,
    headers: over,
    end,
    attributes: new Map([["filter_state['postern.incident']", 'i-1']]),
    modes: undefined,
  })
const body = (side: Side, text: string, end = false): Event =>
  message({ kind: 'body', side, bytes: Buffer.from(text), end })
const trailers = (side: Side): Event => message({ kind: 'trailers', side, headers: [['t', 'v']] })
const verdict = (side: Side, over: Partial<Verdict> = {}): Event => ({
  kind: 'verdict',
  side,
  verdict: { ...clean, ...over },
})
const further = (over: Partial<Verdict> = {}): Event => ({ kind: 'further', verdict: { ...clean, ...over } })
const time = (side: Side): Event => ({ kind: 'time', side })

const found: Partial<Verdict> = {
  found: 1,
  score: 5,
  findings: [{ kind: 'waf', sensor: 's', rule: '1', severity: 'critical', message: '', where: '' }],
}
const denied: Partial<Verdict> = { ...found, action: 'deny', status: 403 }

type Piece = { readonly body?: string; readonly end_of_stream?: boolean }
type Common = { readonly header_mutation?: object; readonly body_mutation?: { readonly streamed_response: Piece } }
type Sent = {
  readonly immediate_response?: { readonly status: { readonly code: string }; readonly details: string }
  readonly dynamic_metadata?: {
    readonly fields: Readonly<Record<string, { structValue: { fields: { action: { stringValue: string } } } }>>
  }
}

/** What is to be done, in words. */
function words(effect: Effect): string {
  if (effect.kind === 'judgeRequest' || effect.kind === 'judgeResponse') {
    const { body: prefix } = effect
    return prefix === undefined
      ? `${effect.kind} head`
      : `${effect.kind} ${Buffer.from(prefix.bytes)}${prefix.end ? '|' : '…'}`
  }
  if (effect.kind === 'more')
    return `more ${Buffer.from(effect.bytes)}${effect.end ? '|' : ''}${effect.flush ? '!' : ''}`
  if (effect.kind === 'timer') return `timer ${effect.side}`
  if (effect.kind === 'end') return `end ${effect.code}`
  return effect.kind === 'send' ? sent(effect.bytes) : effect.kind
}

function sent(bytes: Buffer): string {
  const answer = decodeResponse(bytes) as Sent
  const told = answer.dynamic_metadata?.fields['postern.inspection']?.structValue.fields.action.stringValue
  const tail = told === undefined ? '' : ` (${told})`
  if (answer.immediate_response)
    return `refused ${answer.immediate_response.status.code} ${answer.immediate_response.details}${tail}`
  const [name, { response }] = Object.entries(answer).find(([key]) => key !== 'dynamic_metadata')! as unknown as [
    string,
    { readonly response?: Common },
  ]
  const piece = response?.body_mutation?.streamed_response
  const change = response?.header_mutation ? ` ${JSON.stringify(response.header_mutation)}` : ''
  if (piece === undefined) return `→${name}${change}${tail}`
  return `→${name} ${Buffer.from(piece.body ?? '', 'base64')}${piece.end_of_stream ? '|' : ''}${tail}`
}

/** What each event leads to; clocks and flow control only where they are asked for. */
function story(context: Context, ...events: readonly Event[]): readonly (readonly string[])[] {
  let state: State = initial
  return events.map((event) => {
    const next = step(state, event, context)
    state = next.state
    return next.effects.map(words).filter((it) => !/^(pause|resume|stopTimer|timer)/.test(it))
  })
}

describe('a held request', () => {
  test('without a body', () => {
    expect(story(aContext(), headers('request', true), verdict('request'))).toEqual([
      ['judgeRequest head'],
      ['→request_headers'],
    ])
  })

  test('leaves when it is judged, whole', () => {
    expect(
      story(aContext(), headers('request'), body('request', 'abc'), body('request', '', true), verdict('request')),
    ).toEqual([[], [], ['judgeRequest abc|'], ['→request_headers', '→request_body abc|']])
  })

  test('as long as the limit, it is whole', () => {
    expect(
      story(aContext(), headers('request'), body('request', '0123456789'), body('request', '', true)).at(-1),
    ).toEqual(['judgeRequest 0123456789|'])
  })

  test('an upload is held longer: its files are told from its fields', () => {
    const plan = aPlan({ requestBytes: 3, uploadBytes: 10 })
    const type = (value: string) => headers('request', false, [['content-type', value]])
    const of = (value: string) => story(aContext({ plan }), type(value), body('request', '0123456', true)).at(-1)
    expect(of('multipart/form-data; boundary=x')).toEqual(['judgeRequest 0123456|'])
    expect(of('application/octet-stream')).toEqual(['judgeRequest 012…'])
  })

  test('longer: the prefix is judged, what follows waits, and then goes through', () => {
    const events = [
      body('request', '0123456789a'),
      body('request', 'b'),
      verdict('request'),
      body('request', 'c'),
      body('request', '', true),
    ]
    expect(story(aContext(), headers('request'), ...events)).toEqual([
      [],
      ['judgeRequest 0123456789…'],
      [],
      ['→request_headers', '→request_body 0123456789ab'],
      ['→request_body c'],
      ['→request_body |'],
    ])
  })

  test('ended by trailers, which are judged with it', () => {
    const [, , judged, released] = story(
      aContext(),
      headers('request'),
      body('request', 'abc'),
      trailers('request'),
      verdict('request'),
    )
    expect([judged, released]).toEqual([
      ['judgeRequest abc|'],
      ['→request_headers', '→request_body abc', '→request_trailers'],
    ])
  })

  test('refused: nothing of it leaves, and nothing is said any more', () => {
    const context = aContext()
    const events = [
      headers('request'),
      body('request', 'EVIL', true),
      verdict('request', denied),
      body('request', 'x', true),
      headers('response', true),
    ]
    expect(story(context, ...events)).toEqual([
      [],
      ['judgeRequest EVIL|'],
      ['refused Forbidden postern_waf (deny)'],
      [],
      [],
    ])
  })

  test('found, but not refused: the log is told', () => {
    expect(story(aContext(), headers('request', true), verdict('request', found)).at(-1)).toEqual([
      '→request_headers (pass)',
    ])
  })

  test('masked: another length has no content-length', () => {
    const masks = (masked: string, decoded = false) =>
      story(
        aContext(),
        headers('request'),
        body('request', 'secret', true),
        verdict('request', { ...found, masked: Buffer.from(masked), decoded }),
      ).at(-1)
    expect(masks('******')).toEqual(['→request_headers (mask)', '→request_body ******|'])
    expect(masks('longer *', true)).toEqual([
      '→request_headers {"remove_headers":["content-length","content-encoding"]} (mask)',
      '→request_body longer *|',
    ])
  })

  test('that takes too long', () => {
    expect(story(aContext(), headers('request'), body('request', 'a'), time('request')).at(-1)).toEqual([
      'refused RequestTimeout postern_inspection (error)',
    ])
  })

  test('without a verdict: 503 where it enforces', () => {
    const noVerdict: Partial<Verdict> = { action: 'error', status: 503, partial: 'deadline' }
    expect(story(aContext(), headers('request', true), verdict('request', noVerdict)).at(-1)).toEqual([
      'refused ServiceUnavailable postern_inspection (error)',
    ])
    expect(story(aContext({ enforce: false }), headers('request', true), verdict('request', noVerdict)).at(-1)).toEqual(
      ['→request_headers (error)'],
    )
  })

  test('while too much is held', () => {
    expect(story(aContext(), headers('request'), body('request', 'a'), { kind: 'crowded' }).at(-1)).toEqual([
      'refused ServiceUnavailable postern_inspection (error)',
    ])
  })

  test('answered by Envoy itself: its answer is nobody’s to judge', () => {
    expect(story(aContext(), headers('request'), headers('response', true)).at(-1)).toEqual(['→response_headers'])
  })
})

describe('a held response', () => {
  const asked = [headers('request', true), verdict('request')]
  const respond = (...events: readonly Event[]) => story(aContext(), ...asked, ...events).slice(asked.length)

  test('leaves when it is judged', () => {
    expect(respond(headers('response'), body('response', 'abc', true), verdict('response'))).toEqual([
      [],
      ['judgeResponse abc|'],
      ['→response_headers', '→response_body abc|'],
    ])
  })

  test('refused is 403, whatever was wrong with it', () => {
    const leak: Partial<Verdict> = { action: 'deny', status: 413 }
    expect(respond(headers('response'), body('response', 'LEAK', true), verdict('response', leak)).at(-1)).toEqual([
      'refused Forbidden postern_inspection (deny)',
    ])
  })

  test('longer than the limit goes on unseen', () => {
    expect(
      respond(
        headers('response'),
        body('response', '0123456789ab'),
        verdict('response'),
        body('response', 'c', true),
      ).slice(1),
    ).toEqual([
      ['judgeResponse 0123456789…'],
      ['→response_headers', '→response_body 0123456789ab'],
      ['→response_body c|'],
    ])
  })

  test('that takes its time goes on piece by piece', () => {
    const slow = respond(
      headers('response'),
      body('response', 'a\nb'),
      time('response'),
      verdict('response'),
      body('response', 'c\nd'),
      further(),
      further({ masked: Buffer.alloc(0) }),
      time('response'),
      further({ masked: Buffer.from('D') }),
      body('response', '', true),
      further(),
    )
    expect(slow).toEqual([
      [],
      [],
      ['judgeResponse a\nb…'],
      ['→response_headers {"remove_headers":["content-length"]}', '→response_body a\nb'],
      ['more c\n!'],
      ['→response_body c\n', 'more d'],
      [],
      ['more !'],
      ['→response_body D'],
      ['more |!'],
      ['→response_body |'],
    ])
  })

  test('what is held back of it is asked for again when nothing comes', () => {
    let state: State = initial
    const timers: boolean[] = []
    const events = [
      headers('response'),
      body('response', 'a'),
      time('response'),
      verdict('response'),
      body('response', 'b'),
      further(),
    ]
    for (const event of [...asked, ...events]) {
      const next = step(state, event, aContext())
      state = next.state
      timers.push(next.effects.some(({ kind }) => kind === 'timer'))
    }
    expect(timers).toEqual([false, false, true, false, false, true, false, true])
  })

  test('of events: each leaves when it is complete', () => {
    const stream = headers('response', false, [['content-type', 'text/event-stream; charset=utf-8']])
    const events = respond(
      stream,
      verdict('response'),
      body('response', 'data: 1\n\nda'),
      further({ masked: Buffer.from('data: *\n\n') }),
      further({ masked: Buffer.alloc(0) }),
      body('response', 'ta: 2\r\n\r\n'),
      further(),
      trailers('response'),
      further(),
    )
    expect(events).toEqual([
      ['judgeResponse …'],
      ['→response_headers {"remove_headers":["content-length"]}'],
      ['more data: 1\n\n!'],
      ['→response_body data: *\n\n', 'more da'],
      [],
      ['more ta: 2\r\n\r\n!'],
      ['→response_body ta: 2\r\n\r\n'],
      ['more |!'],
      ['→response_trailers'],
    ])
  })

  test('refused after it has begun: the log is told and the call fails', () => {
    const stream = headers('response', false, [['content-type', 'text/event-stream']])
    expect(respond(stream, verdict('response'), body('response', 'LEAK\n\n'), further(denied)).at(-1)).toEqual([
      '→response_body  (deny)',
      'end 13',
    ])
  })

  test('nobody wants to see it', () => {
    const context = aContext({ plan: aPlan({ responses: false }) })
    const events = [headers('response'), body('response', 'abc'), trailers('response')]
    expect(story(context, ...asked, ...events).slice(asked.length)).toEqual([
      ['→response_headers'],
      ['→response_body abc'],
      ['→response_trailers'],
    ])
  })
})

describe('what is watched', () => {
  const context = aContext({ modes: modes('streamed'), enforce: false })

  test('goes on at once; only the last piece waits for the verdict, and takes it along', () => {
    const events = [headers('request'), body('request', 'abc'), body('request', 'd', true), verdict('request', denied)]
    expect(story(context, ...events)).toEqual([
      ['→request_headers'],
      ['→request_body'],
      ['judgeRequest abcd|'],
      ['→request_body (deny)'],
    ])
  })

  test('longer than the limit: the next piece tells what was found', () => {
    const events = [
      headers('request'),
      body('request', '0123456789ab'),
      verdict('request', found),
      body('request', 'c'),
      body('request', 'd', true),
    ]
    expect(story(context, ...events)).toEqual([
      ['→request_headers'],
      ['→request_body', 'judgeRequest 0123456789…'],
      [],
      ['→request_body (pass)'],
      ['→request_body'],
    ])
  })

  test('answered before it has ended: it is judged as far as it came, before the answer', () => {
    const events = [
      headers('request'),
      body('request', 'abc'),
      headers('response', true),
      verdict('request', found),
      verdict('response'),
    ]
    expect(story(context, ...events)).toEqual([
      ['→request_headers'],
      ['→request_body'],
      ['judgeRequest abc…', 'judgeResponse head'],
      [],
      ['→response_headers'],
    ])
  })

  test('trailers', () => {
    const events = [headers('request'), body('request', 'abc'), trailers('request'), verdict('request', found)]
    expect(story(context, ...events).slice(2)).toEqual([['judgeRequest abc|'], ['→request_trailers (pass)']])
  })

  test('no verdict in time is no obstacle', () => {
    expect(
      story(context, headers('request'), body('request', 'abc'), time('request'), body('request', 'd')).slice(2),
    ).toEqual([['judgeRequest abc…'], ['→request_body']])
  })
})

test('of a stream without bodies only the head is judged', () => {
  const context = aContext({ modes: modes('none') })
  expect(story(context, headers('request'), verdict('request'))).toEqual([['judgeRequest head'], ['→request_headers']])
})

test('request and response are one report', () => {
  const report = story(
    aContext(),
    headers('request', true),
    verdict('request', found),
    headers('response', true),
    verdict('response', { ...found, findings: [{ ...found.findings![0]!, rule: '2' }] }),
  )
  expect(report.at(-1)).toEqual(['→response_headers (pass)'])
})

test.each<[string, readonly Event[]]>([
  ['a body without headers', [body('request', 'x')]],
  ['headers twice', [headers('request'), headers('request')]],
  ['a body after the end', [headers('request', true), verdict('request'), body('request', 'x')]],
  ['trailers after the end', [headers('request', true), verdict('request'), trailers('request')]],
])('%s is no exchange', (_what, events) => {
  expect(story(aContext(), ...events).at(-1)).toEqual(['end 13'])
})

test('a body mode that leaks is refused', () => {
  expect(story(aContext({ modes: modes('bufferedPartial') }), headers('request'))).toEqual([['end 9']])
})

describe('whatever happens', () => {
  const side = fc.constantFrom<Side>('request', 'response')
  const anyVerdict = fc.constantFrom<Partial<Verdict>>(
    {},
    found,
    denied,
    { action: 'error', status: 503 },
    { masked: Buffer.from('*') },
  )
  const anyEvent: fc.Arbitrary<Event> = fc.oneof(
    fc.tuple(side, fc.boolean()).map(([s, end]) => headers(s, end)),
    side.map((s) => headers(s, false, [['content-type', 'text/event-stream']])),
    fc.tuple(side, fc.string({ maxLength: 12 }), fc.boolean()).map(([s, text, end]) => body(s, text, end)),
    side.map(trailers),
    fc.tuple(side, anyVerdict).map(([s, it]) => verdict(s, it)),
    anyVerdict.map(further),
    side.map(time),
    fc.constant<Event>({ kind: 'crowded' }),
  )
  const anyMode = fc.constantFrom<BodyMode>('none', 'streamed', 'fullDuplex')

  test('it never throws, and after a refusal there is silence', () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 15 }),
        anyMode,
        anyMode,
        fc.boolean(),
        (events, request, response, enforce) => {
          const lines = story(aContext({ modes: modes(request, response), enforce }), ...events)
          const refused = lines.findIndex((line) => line.some((it) => /^(refused|end)/.test(it)))
          if (refused >= 0) expect(lines.slice(refused + 1).flat()).toEqual([])
        },
      ),
      { numRuns: 3_000 },
    )
  })

  test('a held request leaves only after its verdict, byte for byte', () => {
    const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), { maxLength: 8 })
    fc.assert(
      fc.property(pieces, fc.nat(9), fc.boolean(), (texts, at, byTrailers) => {
        const events: Event[] = [headers('request'), ...texts.map((text) => body('request', text))]
        events.push(byTrailers ? trailers('request') : body('request', '', true))
        let state: State = initial
        let asked = false
        let judged = false
        let out = ''
        const run = (event: Event) => {
          const next = step(state, event, aContext())
          state = next.state
          for (const effect of next.effects) {
            asked ||= effect.kind === 'judgeRequest'
            if (effect.kind !== 'send') continue
            expect(judged).toBe(true)
            out += sent(effect.bytes).replace(/^→request_body (.*?)\|?$|^→.*$/s, '$1')
          }
        }
        for (const [i, event] of events.entries()) {
          run(event)
          if (!asked || judged || (i < at && i < events.length - 1)) continue
          judged = true
          run(verdict('request'))
        }
        expect([judged, out]).toEqual([true, texts.join('')])
      }),
      { numRuns: 500 },
    )
  })
})
