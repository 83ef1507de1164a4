/**
 * `postern classify`: first bytes as NDJSON, or a capture file, into one answer per connection. Whatever the input holds,
 * memory stays bounded: by the longest line, or by the first 4 KB a direction of the flows that fit the flow table.
 */
import { flowsOf } from './capture/flows.ts'
import { packetsOf } from './capture/packets.ts'
import { type Classification, classify } from './classify.ts'
import { linesOf } from './text/lines.ts'

export { CaptureError } from './capture/packets.ts'

/** One line of NDJSON answered: `id` is the line's own, where it has one; a line that cannot be read has a problem instead. */
export type LineAnswer =
  | ({ readonly line: number; readonly id?: string | number } & Classification)
  | { readonly line: number; readonly problem: string }

type Endpoint = { readonly address: string; readonly port: number }

/** One TCP connection of a capture. The byte counts say how much of each direction was there to judge (4,096 at most). */
export type FlowAnswer = {
  readonly client: Endpoint
  readonly server: Endpoint
  readonly clientBytes: number
  readonly serverBytes: number
} & Classification

export type CaptureAnswer = {
  /** In the order of their first packets. */
  readonly flows: readonly FlowAnswer[]
  /** What was left out, and why; empty where everything was read. */
  readonly notes: readonly string[]
}

/** Two windows in base64 have 11 KB; past this a line is a problem and is skipped. */
const maxLineCharacters = 1 << 20

/**
 * Lines of `{"client": <base64>, "server": <base64>}`, either of them optional; `"end": false` says that more bytes were to
 * come (default: true), and an `id` is given back. Empty lines are passed over.
 */
export async function* classifyNdjson(stream: AsyncIterable<string | Uint8Array>): AsyncGenerator<LineAnswer> {
  let number = 0
  for await (const text of linesOf(stream, maxLineCharacters)) {
    number++
    if (text === undefined) yield { line: number, problem: `longer than ${maxLineCharacters} characters` }
    else if (text.trim() !== '') yield answerLine(number, text)
  }
}

function answerLine(line: number, text: string): LineAnswer {
  try {
    const { client, server, end, id } = firstBytes(JSON.parse(text))
    return { line, ...(id === undefined ? {} : { id }), ...classify(client, server, end) }
  } catch (error) {
    return { line, problem: (error as Error).message }
  }
}

type FirstBytes = { client: Uint8Array; server: Uint8Array; end: boolean; id: string | number | undefined }

function firstBytes(value: unknown): FirstBytes {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object')
  const { client, server, end, id } = value as Record<string, unknown>
  if (client === undefined && server === undefined) throw new Error('neither client nor server')
  if (end !== undefined && typeof end !== 'boolean') throw new Error('end: neither true nor false')
  const known = typeof id === 'string' || typeof id === 'number' ? id : undefined
  return { client: base64('client', client), server: base64('server', server), end: end ?? true, id: known }
}

function base64(field: string, value: unknown): Uint8Array {
  if (value === undefined || value === null) return new Uint8Array(0)
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw new Error(`${field}: not base64`)
  return Buffer.from(value, 'base64')
}

/** A pcap or pcapng file. Throws CaptureError where it is neither; a file that breaks off is read up to there. */
export function classifyCapture(bytes: Uint8Array): CaptureAnswer {
  const notes: string[] = []
  const flows = flowsOf(packetsOf(bytes, notes), notes)
  return { flows: flows.map(({ orientations }) => answerFlow(orientations)), notes }
}

type Orientation = { client: Endpoint; server: Endpoint; clientBytes: Uint8Array; serverBytes: Uint8Array }

/** Where no handshake says who the client is, the better answer does. */
function answerFlow(orientations: readonly Orientation[]): FlowAnswer {
  const answers = orientations.map((o) => ({
    client: o.client,
    server: o.server,
    clientBytes: o.clientBytes.length,
    serverBytes: o.serverBytes.length,
    ...classify(o.clientBytes, o.serverBytes, true),
  }))
  return (
    answers.find((a) => a.confidence === 'certain') ?? answers.find((a) => a.confidence === 'likely') ?? answers[0]!
  )
}
