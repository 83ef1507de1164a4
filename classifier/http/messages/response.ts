/** What we answer: `envoy.service.ext_proc.v3.ProcessingResponse`, those of its fields that we use. */
import type { Side } from './request.ts'
import { Message } from './wire.ts'

export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value }
/** Namespace → what is put there. */
export type Metadata = { readonly [namespace: string]: { readonly [name: string]: Value } }

/** Header names that go and those that are set, whole values. */
export type Mutation = { readonly remove: readonly string[]; readonly set: readonly (readonly [string, string])[] }
export const unchanged: Mutation = { remove: [], set: [] }

export type Immediate = {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  /** What gRPC clients get instead of the status. */
  readonly grpcStatus: number
  /** Envoy's RESPONSE_CODE_DETAILS. */
  readonly details: string
}

/** Field numbers of ProcessingResponse. */
const answers: Readonly<Record<Side, { readonly headers: number; readonly body: number; readonly trailers: number }>> =
  {
    request: { headers: 1, body: 3, trailers: 5 },
    response: { headers: 2, body: 4, trailers: 6 },
  }
const immediateField = 7
const metadataField = 8

/** HeaderValueOption's append_action OVERWRITE_IF_EXISTS_OR_ADD. */
const overwrite = 2

/** HeaderMutation: set_headers 1 (HeaderValueOption: header 1 {key 1, raw_value 3}, append_action 3), remove_headers 2. */
function mutation({ remove, set }: Mutation): Message {
  const message = new Message()
  for (const [name, value] of set) {
    const header = new Message().text(1, name).bytes(3, Buffer.from(value, 'latin1'))
    message.message(1, new Message().message(1, header).number(3, overwrite))
  }
  for (const name of remove) message.text(2, name)
  return message
}

/** google.protobuf.Value: number 2, string 3, bool 4, struct 5, list 6. */
function value(it: Value): Message {
  if (typeof it === 'string') return new Message().text(3, it)
  if (typeof it === 'number') return new Message().double(2, it)
  if (typeof it === 'boolean') return new Message().number(4, it ? 1 : 0)
  if (!isList(it)) return new Message().message(5, struct(it))
  const list = new Message()
  for (const each of it) list.message(1, value(each))
  return new Message().message(6, list)
}

const isList = (it: readonly Value[] | { readonly [name: string]: Value }): it is readonly Value[] => Array.isArray(it)

function struct(fields: { readonly [name: string]: Value }): Message {
  const message = new Message()
  for (const [name, each] of Object.entries(fields))
    message.message(1, new Message().text(1, name).message(2, value(each)))
  return message
}

function finished(message: Message, metadata: Metadata | undefined): Buffer {
  return (metadata === undefined ? message : message.message(metadataField, struct(metadata))).encode()
}

/** CommonResponse in a HeadersResponse or BodyResponse. */
const common = (message: Message): Message => (message.size === 0 ? message : new Message().message(1, message))

const constants = new Map<number, Buffer>()

/** An answer without content is the same bytes every time. */
function empty(field: number): Buffer {
  const known = constants.get(field)
  if (known !== undefined) return known
  const made = new Message().message(field, new Message()).encode()
  constants.set(field, made)
  return made
}

export function headersAnswer(side: Side, change: Mutation, metadata: Metadata | undefined): Buffer {
  const field = answers[side].headers
  if (change === unchanged && metadata === undefined) return empty(field)
  const header = mutation(change)
  const content = header.size === 0 ? header : new Message().message(2, header)
  return finished(new Message().message(field, common(content)), metadata)
}

/** For a body that Envoy holds itself (STREAMED): it goes on as it is. */
export function bodyAnswer(side: Side, metadata: Metadata | undefined): Buffer {
  const field = answers[side].body
  return metadata === undefined ? empty(field) : finished(new Message().message(field, new Message()), metadata)
}

/** For a body that we hold (FULL_DUPLEX_STREAMED): a piece of what goes on in its place. */
export function bodyPiece(side: Side, bytes: Uint8Array, end: boolean, metadata: Metadata | undefined): Buffer {
  const streamed = new Message()
  if (bytes.length > 0) streamed.bytes(1, bytes)
  if (end) streamed.number(2, 1)
  const change = new Message().message(3, new Message().message(3, streamed))
  return finished(new Message().message(answers[side].body, common(change)), metadata)
}

export function trailersAnswer(side: Side, metadata: Metadata | undefined): Buffer {
  const field = answers[side].trailers
  return metadata === undefined ? empty(field) : finished(new Message().message(field, new Message()), metadata)
}

/** ImmediateResponse: status 1 {code 1}, headers 2, body 3, grpc_status 4 {status 1}, details 5. */
export function immediateAnswer(it: Immediate, metadata: Metadata | undefined): Buffer {
  const message = new Message()
    .message(1, new Message().number(1, it.status))
    .message(2, mutation({ remove: [], set: it.headers }))
    .text(3, it.body)
    .message(4, new Message().number(1, it.grpcStatus))
    .text(5, it.details)
  return finished(new Message().message(immediateField, message), metadata)
}
