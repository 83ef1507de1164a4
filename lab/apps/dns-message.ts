/**
 * DNS messages (RFC 1035), as far as an authoritative server of a few A and AAAA records needs them.
 * Total: any bytes give a query, a reason to refuse, or nothing to answer at all. Knows no socket and no zone.
 */
import { isIPv4 } from 'node:net'

export const recordTypes = { a: 1, soa: 6, aaaa: 28, any: 255 } as const
export const responseCodes = { ok: 0, formatError: 1, noSuchName: 3, notImplemented: 4, refused: 5 } as const
export type ResponseCode = keyof typeof responseCodes

/** Without EDNS a UDP answer is at most this long (RFC 1035 4.2.1). */
export const maxUdpBytes = 512
const headerBytes = 12
const internetClass = 1
/** Seconds: short, since a pod's address is gone as soon as the pod is. */
const ttl = 2

export type Query = {
  readonly id: number
  readonly recursionDesired: boolean
  /** Lower case, without the dot at the end. */
  readonly name: string
  readonly type: number
  readonly class: number
  /** The question as it came: the answer repeats it. */
  readonly question: Buffer
}

export type Received =
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'bad'; readonly id: number; readonly code: 'formatError' | 'notImplemented' }
  /** An answer, or too short to be anything: answering those makes loops. */
  | { readonly kind: 'ignore' }

export type Answer = {
  readonly code: ResponseCode
  readonly addresses: readonly string[]
  /** Zone whose SOA says "there is nothing" (negative answers of our own zones). */
  readonly zone?: string
}

/** Reads a query with exactly one question. */
export function readQuery(message: Buffer): Received {
  if (message.length < headerBytes) return { kind: 'ignore' }
  const id = message.readUInt16BE(0)
  const flags = message.readUInt16BE(2)
  if ((flags & 0x8000) !== 0) return { kind: 'ignore' }
  if ((flags & 0x7800) !== 0) return { kind: 'bad', id, code: 'notImplemented' }
  const name = message.readUInt16BE(4) === 1 ? readName(message, headerBytes) : undefined
  if (name === undefined || name.end + 4 > message.length) return { kind: 'bad', id, code: 'formatError' }
  const query: Query = {
    id,
    recursionDesired: (flags & 0x0100) !== 0,
    name: name.text,
    type: message.readUInt16BE(name.end),
    class: message.readUInt16BE(name.end + 2),
    question: message.subarray(headerBytes, name.end + 4),
  }
  return { kind: 'query', query }
}

/** The first name of a message can not be compressed: there is nothing before it to point to. */
function readName(message: Buffer, start: number): { readonly text: string; readonly end: number } | undefined {
  const labels: string[] = []
  let at = start
  for (;;) {
    const length = message[at]
    if (length === undefined || length > 63 || at - start > 254) return undefined
    if (length === 0) return { text: labels.join('.').toLowerCase(), end: at + 1 }
    if (at + 1 + length > message.length) return undefined
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
}

/** The answer's bytes; cut to `maxBytes` with the TC bit, so that the client asks again over TCP. */
export function writeAnswer(query: Query, answer: Answer, maxBytes: number): Buffer {
  const records = answer.addresses.map(addressRecord)
  const authority = answer.zone === undefined ? [] : [startOfAuthority(answer.zone)]
  const whole = assemble(query, answer.code, records, authority, false)
  return whole.length <= maxBytes ? whole : assemble(query, answer.code, [], [], true)
}

/** For what could not be read as a query. */
export function writeError(id: number, code: ResponseCode): Buffer {
  return header({ id, recursionDesired: false }, code, { questions: 0, answers: 0, authorities: 0, truncated: false })
}

function assemble(
  query: Query,
  code: ResponseCode,
  records: readonly Buffer[],
  authority: readonly Buffer[],
  truncated: boolean,
): Buffer {
  const counts = { questions: 1, answers: records.length, authorities: authority.length, truncated }
  return Buffer.concat([header(query, code, counts), query.question, ...records, ...authority])
}

function header(
  query: Pick<Query, 'id' | 'recursionDesired'>,
  code: ResponseCode,
  counts: {
    readonly questions: number
    readonly answers: number
    readonly authorities: number
    readonly truncated: boolean
  },
): Buffer {
  const out = Buffer.alloc(headerBytes)
  const response = 0x8000
  const authoritative = code === 'refused' ? 0 : 0x0400
  const truncated = counts.truncated ? 0x0200 : 0
  const recursionDesired = query.recursionDesired ? 0x0100 : 0
  out.writeUInt16BE(query.id, 0)
  out.writeUInt16BE(response | authoritative | truncated | recursionDesired | responseCodes[code], 2)
  out.writeUInt16BE(counts.questions, 4)
  out.writeUInt16BE(counts.answers, 6)
  out.writeUInt16BE(counts.authorities, 8)
  return out
}

/** Its name is a pointer to the question. */
function addressRecord(address: string): Buffer {
  const data = isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : v6Bytes(address)
  const pointerToQuestion = Buffer.from([0xc0, headerBytes])
  return Buffer.concat([
    pointerToQuestion,
    recordHead(data.length === 4 ? recordTypes.a : recordTypes.aaaa, data),
    data,
  ])
}

function startOfAuthority(zone: string): Buffer {
  const numbers = Buffer.alloc(20)
  const [serial, refresh, retry, expire] = [1, 60, 60, 60]
  for (const [at, value] of [serial, refresh, retry, expire, ttl].entries()) numbers.writeUInt32BE(value!, at * 4)
  const data = Buffer.concat([nameBytes(`ns.${zone}`), nameBytes(`hostmaster.${zone}`), numbers])
  return Buffer.concat([nameBytes(zone), recordHead(recordTypes.soa, data), data])
}

function recordHead(type: number, data: Buffer): Buffer {
  const out = Buffer.alloc(10)
  out.writeUInt16BE(type, 0)
  out.writeUInt16BE(internetClass, 2)
  out.writeUInt32BE(ttl, 4)
  out.writeUInt16BE(data.length, 8)
  return out
}

function nameBytes(name: string): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]))
  return Buffer.concat([...labels, Buffer.from([0])])
}

/** `::` stands for as many zero groups as are missing. */
function v6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::')
  const groups = (text: string | undefined) => (text ? text.split(':') : [])
  const missing = 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...Array<string>(tail === undefined ? 0 : missing).fill('0'), ...groups(tail)]
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex')
}
