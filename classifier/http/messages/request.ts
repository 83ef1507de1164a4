/** What Envoy says: `envoy.service.ext_proc.v3.ProcessingRequest`, those of its fields that we use. */
import type { Header } from '../../inspection/model.ts'
import { Reader } from './wire.ts'

export type Side = 'request' | 'response'

/** What Envoy's filter does with bodies (ProcessingMode.BodySendMode, by number). */
export const bodyModes = ['none', 'streamed', 'buffered', 'bufferedPartial', 'fullDuplex'] as const
export type BodyMode = (typeof bodyModes)[number]

export type Headers = {
  readonly kind: 'headers'
  readonly side: Side
  readonly headers: readonly Header[]
  /** No body follows. */
  readonly end: boolean
  /** CEL text → value, with the first message only. */
  readonly attributes: ReadonlyMap<string, string>
  /** With the first message only. */
  readonly modes: Readonly<Record<Side, BodyMode>> | undefined
}
/** `bytes` is a view into the message. */
export type Body = { readonly kind: 'body'; readonly side: Side; readonly bytes: Buffer; readonly end: boolean }
export type Trailers = { readonly kind: 'trailers'; readonly side: Side; readonly headers: readonly Header[] }
export type ProcessingRequest = Headers | Body | Trailers

/** Field numbers of ProcessingRequest. */
const field = {
  requestHeaders: 2,
  responseHeaders: 3,
  requestBody: 4,
  responseBody: 5,
  requestTrailers: 6,
  responseTrailers: 7,
  attributes: 9,
  protocolConfig: 11,
} as const
const inBytes = (number: number) => (number << 3) | 2
const inVarint = (number: number) => number << 3

const noAttributes: ReadonlyMap<string, string> = new Map()

/** Undefined: it is no such message, or one of a kind we do not know. */
export function decodeRequest(bytes: Buffer): ProcessingRequest | undefined {
  const reader = new Reader(bytes)
  let message: ProcessingRequest | undefined
  let attributes: Map<string, string> | undefined
  let modes: Headers['modes']
  const end = bytes.length
  for (let tag = reader.next(end); tag !== 0; tag = reader.next(end)) {
    const decode = messages[tag]
    if (decode !== undefined) message = decode(reader, reader.endOf(end))
    else if (tag === inBytes(field.attributes)) attributes = readAttributes(reader, reader.endOf(end), attributes)
    else if (tag === inBytes(field.protocolConfig)) modes = readModes(reader, reader.endOf(end))
    else reader.skip(tag, end)
  }
  if (reader.failed || message === undefined) return undefined
  if (message.kind !== 'headers' || (attributes === undefined && modes === undefined)) return message
  return { ...message, attributes: attributes ?? noAttributes, modes }
}

type Decode = (reader: Reader, end: number) => ProcessingRequest

const messages: Readonly<Record<number, Decode>> = {
  [inBytes(field.requestHeaders)]: (reader, end) => readHeaders(reader, end, 'request'),
  [inBytes(field.responseHeaders)]: (reader, end) => readHeaders(reader, end, 'response'),
  [inBytes(field.requestBody)]: (reader, end) => readBody(reader, end, 'request'),
  [inBytes(field.responseBody)]: (reader, end) => readBody(reader, end, 'response'),
  [inBytes(field.requestTrailers)]: (reader, end) => readTrailers(reader, end, 'request'),
  [inBytes(field.responseTrailers)]: (reader, end) => readTrailers(reader, end, 'response'),
}

/** HttpHeaders: headers 1, end_of_stream 3. */
function readHeaders(reader: Reader, end: number, side: Side): Headers {
  const headers: Header[] = []
  let last = false
  for (let tag = reader.next(end); tag !== 0; tag = reader.next(end)) {
    if (tag === inBytes(1)) readHeaderMap(reader, reader.endOf(end), headers)
    else if (tag === inVarint(3)) last = reader.varint() !== 0
    else reader.skip(tag, end)
  }
  return { kind: 'headers', side, headers, end: last, attributes: noAttributes, modes: undefined }
}

/** HttpBody: body 1, end_of_stream 2. */
function readBody(reader: Reader, end: number, side: Side): Body {
  let bytes = reader.bytes.subarray(0, 0)
  let last = false
  for (let tag = reader.next(end); tag !== 0; tag = reader.next(end)) {
    if (tag === inBytes(1)) bytes = reader.blob(end)
    else if (tag === inVarint(2)) last = reader.varint() !== 0
    else reader.skip(tag, end)
  }
  return { kind: 'body', side, bytes, end: last }
}

/** HttpTrailers: trailers 1. */
function readTrailers(reader: Reader, end: number, side: Side): Trailers {
  const headers: Header[] = []
  for (let tag = reader.next(end); tag !== 0; tag = reader.next(end)) {
    if (tag === inBytes(1)) readHeaderMap(reader, reader.endOf(end), headers)
    else reader.skip(tag, end)
  }
  return { kind: 'trailers', side, headers }
}

/** HeaderMap: headers 1 (HeaderValue). */
function readHeaderMap(reader: Reader, end: number, into: Header[]): void {
  for (let tag = reader.next(end); tag !== 0; tag = reader.next(end)) {
    if (tag === inBytes(1)) into.push(readHeader(reader, reader.endOf(end)))
    else reader.skip(tag, end)
  }
}

/** HeaderValue: key 1, value 2, raw_value 3 (which Envoy uses). */
function readHeader(reader: Reader, end: number): Header {
  let name = ''
  let value = ''
  for (let tag = reader.next(end); tag !== 0; tag = reader.next(end)) {
    if (tag === inBytes(1)) name = reader.text(end)
    else if (tag === inBytes(2) || tag === inBytes(3)) value = reader.text(end) || value
    else reader.skip(tag, end)
  }
  return [name, value]
}

/** An entry of map<string, Struct>: key 1, value 2. The key is always the filter's name. */
function readAttributes(reader: Reader, end: number, before: Map<string, string> = new Map()): Map<string, string> {
  for (let tag = reader.next(end); tag !== 0; tag = reader.next(end)) {
    if (tag === inBytes(2)) readStruct(reader, reader.endOf(end), before)
    else reader.skip(tag, end)
  }
  return before
}

/** Struct: fields 1 (map entries: key 1, Value 2), texts only. */
function readStruct(reader: Reader, end: number, into: Map<string, string>): void {
  for (let tag = reader.next(end); tag !== 0; tag = reader.next(end)) {
    if (tag === inBytes(1)) readStructEntry(reader, reader.endOf(end), into)
    else reader.skip(tag, end)
  }
}

function readStructEntry(reader: Reader, end: number, into: Map<string, string>): void {
  let key = ''
  let value: string | undefined
  for (let tag = reader.next(end); tag !== 0; tag = reader.next(end)) {
    if (tag === inBytes(1)) key = reader.text(end)
    else if (tag === inBytes(2)) value = readValue(reader, reader.endOf(end))
    else reader.skip(tag, end)
  }
  if (value !== undefined) into.set(key, value)
}

/** Value: string_value 3. */
function readValue(reader: Reader, end: number): string | undefined {
  let value: string | undefined
  for (let tag = reader.next(end); tag !== 0; tag = reader.next(end)) {
    if (tag === inBytes(3)) value = reader.text(end)
    else reader.skip(tag, end)
  }
  return value
}

/** ProtocolConfiguration: request_body_mode 1, response_body_mode 2. A mode we do not know is `buffered`, which we refuse. */
function readModes(reader: Reader, end: number): Headers['modes'] {
  const modes: Record<Side, BodyMode> = { request: 'none', response: 'none' }
  for (let tag = reader.next(end); tag !== 0; tag = reader.next(end)) {
    if (tag === inVarint(1)) modes.request = bodyModes[reader.varint()] ?? 'buffered'
    else if (tag === inVarint(2)) modes.response = bodyModes[reader.varint()] ?? 'buffered'
    else reader.skip(tag, end)
  }
  return modes
}
