import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeResponse, encodeRequest } from '../testdata/proto.ts'
import { decodeRequest, type ProcessingRequest } from './request.ts'
import { bodyAnswer, bodyPiece, headersAnswer, immediateAnswer, trailersAnswer, unchanged } from './response.ts'

const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64')
const raw = (name: string, value: string) => ({ key: name, raw_value: Buffer.from(value, 'latin1') })

/** Views into a message as texts, maps as entries. */
const plain = (message: ProcessingRequest | undefined) =>
  message === undefined
    ? undefined
    : message.kind === 'body'
      ? { ...message, bytes: message.bytes.toString('latin1') }
      : message.kind === 'headers'
        ? { ...message, attributes: [...message.attributes] }
        : message

describe('what Envoy says', () => {
  test('the first message: headers, attributes, modes', () => {
    const bytes = encodeRequest({
      request_headers: {
        headers: { headers: [raw(':method', 'GET'), raw('x', '\xff\x01'), { key: 'old', value: 'text' }] },
        end_of_stream: true,
      },
      attributes: {
        'envoy.filters.http.ext_proc': {
          fields: {
            'source.address': { stringValue: '10.0.0.1:80' },
            number: { numberValue: 1 },
            'request.protocol': { stringValue: 'HTTP/2' },
          },
        },
      },
      protocol_config: {
        request_body_mode: 4,
        response_body_mode: 1,
        send_body_without_waiting_for_header_response: true,
      },
      metadata_context: { filter_metadata: { a: { fields: {} } } },
      observability_mode: true,
    })
    expect(plain(decodeRequest(bytes))).toEqual({
      kind: 'headers',
      side: 'request',
      headers: [
        [':method', 'GET'],
        ['x', '\xff\x01'],
        ['old', 'text'],
      ],
      end: true,
      attributes: [
        ['source.address', '10.0.0.1:80'],
        ['request.protocol', 'HTTP/2'],
      ],
      modes: { request: 'fullDuplex', response: 'streamed' },
    })
  })

  test('bodies and trailers', () => {
    expect(
      plain(decodeRequest(encodeRequest({ request_body: { body: Buffer.from('abc'), end_of_stream: true } }))),
    ).toEqual({
      kind: 'body',
      side: 'request',
      bytes: 'abc',
      end: true,
    })
    expect(plain(decodeRequest(encodeRequest({ response_body: {} })))).toEqual({
      kind: 'body',
      side: 'response',
      bytes: '',
      end: false,
    })
    expect(
      plain(decodeRequest(encodeRequest({ response_trailers: { trailers: { headers: [raw('a', 'b')] } } }))),
    ).toEqual({
      kind: 'trailers',
      side: 'response',
      headers: [['a', 'b']],
    })
  })

  test('a mode of the future is one we refuse', () => {
    const bytes = encodeRequest({ request_headers: {}, protocol_config: { request_body_mode: 9 } })
    expect(decodeRequest(bytes)).toMatchObject({ modes: { request: 'buffered' } })
  })

  test('any headers and bodies, whatever unknown fields stand beside them', () => {
    const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })
    const unknown = fc.constantFrom(
      '',
      '98061f',
      'a2060361626 3'.replace(' ', ''),
      '9906'.padEnd(20, '0'),
      '9d06'.padEnd(12, '0'),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(latin1, latin1)), latin1, fc.boolean(), unknown, (headers, body, end, beside) => {
        const extra = Buffer.from(beside, 'hex')
        const heads = encodeRequest({
          request_headers: {
            headers: { headers: headers.map(([, value], i) => raw(`h${i}`, value)) },
            end_of_stream: end,
          },
        })
        expect(decodeRequest(Buffer.concat([extra, heads, extra]))).toMatchObject({
          headers: headers.map(([, value], i) => [`h${i}`, value]),
          end,
        })
        const bodies = encodeRequest({ response_body: { body: Buffer.from(body, 'latin1'), end_of_stream: end } })
        expect(plain(decodeRequest(Buffer.concat([extra, bodies, extra])))).toEqual({
          kind: 'body',
          side: 'response',
          bytes: body,
          end,
        })
      }),
    )
  })

  test('cut short it is no message, or one that is shorter; any bytes are read in the end', () => {
    const whole = encodeRequest({
      request_headers: { headers: { headers: [raw('name', 'value')] } },
      protocol_config: { request_body_mode: 4 },
    })
    for (let at = 0; at < whole.length; at++) decodeRequest(whole.subarray(0, at))
    expect(decodeRequest(whole.subarray(0, 12))).toBeUndefined()
    expect(decodeRequest(Buffer.alloc(0))).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (noise, at) => {
        decodeRequest(Buffer.from(noise))
        decodeRequest(Buffer.concat([whole.subarray(0, at), noise, whole.subarray(at)]))
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('what we answer', () => {
  const metadata = {
    'postern.inspection': { action: 'deny', score: 5, deep: [{ rule: '942100', text: 'ü' }, true, []], found: 0.5 },
  }
  const struct = {
    fields: {
      'postern.inspection': {
        structValue: {
          fields: {
            action: { stringValue: 'deny' },
            score: { numberValue: 5 },
            deep: {
              listValue: {
                values: [
                  { structValue: { fields: { rule: { stringValue: '942100' }, text: { stringValue: 'ü' } } } },
                  { boolValue: true },
                  { listValue: { values: [] } },
                ],
              },
            },
            found: { numberValue: 0.5 },
          },
        },
      },
    },
  }
  const lists = (it: object) => JSON.parse(JSON.stringify(it).replaceAll('"listValue":{}', '"listValue":{"values":[]}'))

  test('headers go on, as they are or changed', () => {
    expect(decodeResponse(headersAnswer('request', unchanged, undefined))).toEqual({ request_headers: {} })
    expect(lists(decodeResponse(headersAnswer('response', unchanged, metadata)))).toEqual({
      response_headers: {},
      dynamic_metadata: struct,
    })
    expect(
      decodeResponse(headersAnswer('response', { remove: ['content-length'], set: [['a', 'b']] }, undefined)),
    ).toEqual({
      response_headers: {
        response: {
          header_mutation: {
            set_headers: [
              { header: { key: 'a', raw_value: base64('b') }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
            ],
            remove_headers: ['content-length'],
          },
        },
      },
    })
  })

  test('bodies and trailers go on', () => {
    expect(decodeResponse(bodyAnswer('request', undefined))).toEqual({ request_body: {} })
    expect(decodeResponse(bodyAnswer('response', {}))).toEqual({ response_body: {}, dynamic_metadata: {} })
    expect(decodeResponse(trailersAnswer('response', undefined))).toEqual({ response_trailers: {} })
    expect(lists(decodeResponse(trailersAnswer('request', metadata)))).toEqual({
      request_trailers: {},
      dynamic_metadata: struct,
    })
  })

  test('pieces of a held body', () => {
    const piece = (bytes: string, end: boolean) =>
      decodeResponse(bodyPiece('request', Buffer.from(bytes), end, undefined))
    const streamed = (it: object) => ({ request_body: { response: { body_mutation: { streamed_response: it } } } })
    expect(piece('abc', false)).toEqual(streamed({ body: base64('abc') }))
    expect(piece('abc', true)).toEqual(streamed({ body: base64('abc'), end_of_stream: true }))
    expect(piece('', true)).toEqual(streamed({ end_of_stream: true }))
    expect(piece('x'.repeat(70_000), false)).toEqual(streamed({ body: base64('x'.repeat(70_000)) }))
  })

  test('a refusal', () => {
    const refusal = {
      status: 403,
      headers: [['x-postern-incident', 'i']] as const,
      body: 'Denied\n',
      grpcStatus: 7,
      details: 'postern_waf',
    }
    expect(lists(decodeResponse(immediateAnswer(refusal, metadata)))).toEqual({
      immediate_response: {
        status: { code: 'Forbidden' },
        headers: {
          set_headers: [
            {
              header: { key: 'x-postern-incident', raw_value: base64('i') },
              append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
            },
          ],
        },
        body: base64('Denied\n'),
        grpc_status: { status: 7 },
        details: 'postern_waf',
      },
      dynamic_metadata: struct,
    })
  })
})
