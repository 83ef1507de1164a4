/**
 * TCP connections out of packets: who is the client, and the first bytes of both directions. A SYN (or the SYN ACK) tells
 * the client; a second SYN on the same addresses and ports is a new connection. The flow table is bounded.
 */
import type { Packet } from './packets.ts'
import { isKnownLink, type Segment, segmentOf } from './segments.ts'
import { Stream } from './stream.ts'

type Endpoint = { readonly address: string; readonly port: number }

export type Flow = {
  /** One, or both ways round (the likelier first) where no handshake was seen. */
  readonly orientations: readonly {
    readonly client: Endpoint
    readonly server: Endpoint
    readonly clientBytes: Uint8Array
    readonly serverBytes: Uint8Array
  }[]
}

/** `one` sent the first packet we saw. */
type Tracked = {
  readonly one: Endpoint
  readonly other: Endpoint
  readonly fromOne: Stream
  readonly fromOther: Stream
  client: 'one' | 'other' | 'unseen'
  /** The client's initial sequence number, to tell a repeated SYN from a new connection. */
  initial: number | undefined
}

/** Past it new connections are left out, with a note: each may hold 8 KB and its parked segments. */
const maxFlows = 50_000

/** Every TCP connection, in the order of their first packets. */
export function flowsOf(packets: Iterable<Packet>, notes: string[]): readonly Flow[] {
  const open = new Map<string, Tracked>()
  const all: Tracked[] = []
  const strange = new Map<number, number>()
  let refused = 0
  for (const packet of packets) {
    if (!isKnownLink(packet.linkType)) strange.set(packet.linkType, (strange.get(packet.linkType) ?? 0) + 1)
    const segment = segmentOf(packet)
    if (segment === undefined) continue
    const key = keyOf(segment)
    let flow = open.get(key)
    if (flow === undefined || isReopened(flow, segment)) {
      if (all.length >= maxFlows) {
        refused++
        continue
      }
      flow = track(segment)
      open.set(key, flow)
      all.push(flow)
    }
    take(flow, segment)
  }
  for (const [link, count] of strange) notes.push(`${count} packets of link type ${link} were not read`)
  if (refused > 0) notes.push(`${refused} packets belong to connections beyond the first ${maxFlows}`)
  return all.map(finish)
}

function keyOf({ source, sourcePort, destination, destinationPort }: Segment): string {
  const [a, b] = [`${source} ${sourcePort}`, `${destination} ${destinationPort}`]
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

function track(segment: Segment): Tracked {
  return {
    one: { address: segment.source, port: segment.sourcePort },
    other: { address: segment.destination, port: segment.destinationPort },
    fromOne: new Stream(),
    fromOther: new Stream(),
    client: 'unseen',
    initial: undefined,
  }
}

function isFromOne(flow: Tracked, segment: Segment): boolean {
  return segment.source === flow.one.address && segment.sourcePort === flow.one.port
}

/** A SYN of another number, after bytes were seen. */
function isReopened(flow: Tracked, segment: Segment): boolean {
  if (!segment.syn || segment.ack || segment.sequence === flow.initial) return false
  return flow.fromOne.bytes.length > 0 || flow.fromOther.bytes.length > 0
}

function take(flow: Tracked, segment: Segment): void {
  const fromOne = isFromOne(flow, segment)
  const stream = fromOne ? flow.fromOne : flow.fromOther
  if (segment.syn) {
    stream.begin(segment.sequence + 1)
    flow.client = fromOne === segment.ack ? 'other' : 'one'
    if (!segment.ack) flow.initial = segment.sequence
  }
  stream.add(segment.syn ? (segment.sequence + 1) >>> 0 : segment.sequence, segment.payload)
}

function finish(flow: Tracked): Flow {
  const oneIsClient = orientation(flow.one, flow.other, flow.fromOne, flow.fromOther)
  const otherIsClient = orientation(flow.other, flow.one, flow.fromOther, flow.fromOne)
  if (flow.client === 'one') return { orientations: [oneIsClient] }
  if (flow.client === 'other') return { orientations: [otherIsClient] }
  // servers have the lower port; where both are alike, clients tend to be seen first
  return {
    orientations: flow.one.port >= flow.other.port ? [oneIsClient, otherIsClient] : [otherIsClient, oneIsClient],
  }
}

function orientation(client: Endpoint, server: Endpoint, asked: Stream, told: Stream): Flow['orientations'][number] {
  return { client, server, clientBytes: asked.bytes, serverBytes: told.bytes }
}
