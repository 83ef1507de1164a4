/**
 * TCP segments out of packets: link layer, then IPv4 or IPv6, then TCP. Fragments but the first, tunnels and everything
 * that is not TCP yield nothing. Every length is checked against the captured bytes.
 */
import type { Packet } from './packets.ts'

export type Segment = {
  readonly source: string
  readonly sourcePort: number
  readonly destination: string
  readonly destinationPort: number
  readonly sequence: number
  readonly syn: boolean
  readonly ack: boolean
  readonly payload: Uint8Array
}

type Network = { readonly source: string; readonly destination: string; readonly tcp: Uint8Array }

const etherIpv4 = 0x0800
const etherIpv6 = 0x86dd
const etherPppoe = 0x8864
const vlanTags: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100])
const tcp = 6
const hopByHop = 0
const routing = 43
const fragment = 44
const authentication = 51
const destinationOptions = 60
/** Extension headers of one IPv6 packet; senders use two at most. */
const maxExtensions = 8

/** An Ethernet frame has at least 60 bytes, its headers with IPv4 and TCP have 54. */
const maxPaddingBytes = 6

const u16 = (data: Uint8Array, i: number): number => (data[i]! << 8) | data[i + 1]!

/** How to find the IP header, by LINKTYPE_ number. */
const links: Readonly<Record<number, (data: Uint8Array) => Uint8Array | undefined>> = {
  0: (data) => data.subarray(4), //   BSD loopback: address family
  1: ethernet,
  12: (data) => data, //              raw IP, by its number on some systems
  14: (data) => data,
  101: (data) => data, //             raw IP
  108: (data) => data.subarray(4), // OpenBSD loopback
  113: (data) => (data.length > 16 ? etherPayload(u16(data, 14), data, 16) : undefined), // Linux cooked
  228: (data) => data, //             IPv4
  229: (data) => data, //             IPv6
  276: (data) => (data.length > 20 ? etherPayload(u16(data, 0), data, 20) : undefined), //  Linux cooked v2
}

function ethernet(data: Uint8Array): Uint8Array | undefined {
  return data.length > 14 ? etherPayload(u16(data, 12), data, 14) : undefined
}

function etherPayload(type: number, data: Uint8Array, from: number): Uint8Array | undefined {
  if (vlanTags.has(type) && from + 4 < data.length) return etherPayload(u16(data, from + 2), data, from + 4)
  if (type === etherPppoe && from + 8 < data.length) return data.subarray(from + 8)
  return type === etherIpv4 || type === etherIpv6 ? data.subarray(from) : undefined
}

/** Can packets of this link type be read at all? */
export function isKnownLink(linkType: number): boolean {
  return links[linkType] !== undefined
}

/** The TCP segment in a packet, undefined where there is none. */
export function segmentOf(packet: Packet): Segment | undefined {
  const ip = links[packet.linkType]?.(packet.data)
  if (ip === undefined || ip.length === 0) return undefined
  const network = ip[0]! >> 4 === 4 ? ipv4(ip) : ip[0]! >> 4 === 6 ? ipv6(ip) : undefined
  return network === undefined ? undefined : segment(network)
}

function ipv4(ip: Uint8Array): Network | undefined {
  if (ip.length < 20 || ip[9] !== tcp) return undefined
  const header = (ip[0]! & 15) * 4
  const offset = u16(ip, 6) & 0x1fff
  const total = u16(ip, 2) // 0 where the network card cut the segments
  const end = total === 0 ? ip.length : Math.min(total, ip.length)
  if (header < 20 || offset !== 0 || end < header + 20) return undefined
  const address = (i: number): string => ip.subarray(i, i + 4).join('.')
  return { source: address(12), destination: address(16), tcp: ip.subarray(header, end) }
}

function ipv6(ip: Uint8Array): Network | undefined {
  if (ip.length < 40) return undefined
  const length = u16(ip, 4)
  const end = length === 0 ? ip.length : Math.min(40 + length, ip.length)
  const from = afterExtensions(ip, end)
  if (from === undefined || end < from + 20) return undefined
  return {
    source: ipv6Text(ip.subarray(8, 24)),
    destination: ipv6Text(ip.subarray(24, 40)),
    tcp: ip.subarray(from, end),
  }
}

/** Where TCP begins. */
function afterExtensions(ip: Uint8Array, end: number): number | undefined {
  let next = ip[6]!
  let i = 40
  for (let n = 0; n < maxExtensions && i + 8 <= end; n++) {
    if (next === tcp) return i
    if (next === fragment && (u16(ip, i + 2) & 0xfff8) !== 0) return undefined
    const size = extensionBytes(next, ip[i + 1]!)
    if (size === undefined) return undefined
    next = ip[i]!
    i += size
  }
  return undefined
}

function extensionBytes(kind: number, length: number): number | undefined {
  if (kind === hopByHop || kind === routing || kind === destinationOptions) return (length + 1) * 8
  if (kind === fragment) return 8
  return kind === authentication ? (length + 2) * 4 : undefined
}

/** RFC 5952: small hex, the longest run of zeros (two at least, the first of equals) as `::`. */
function ipv6Text(address: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => u16(address, i * 2).toString(16))
  let best = { at: -1, length: 1 }
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (groups[i + length] === '0') length++
    if (length > best.length) best = { at: i, length }
  }
  if (best.at < 0) return groups.join(':')
  return `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`
}

/** Some network devices count the zeros that fill up a short Ethernet frame into the IP length of a bare ACK. */
function isPadding(payload: Uint8Array, flags: number): boolean {
  return flags === 16 && payload.length <= maxPaddingBytes && payload.every((byte) => byte === 0)
}

function segment({ source, destination, tcp: data }: Network): Segment | undefined {
  const header = (data[12]! >> 4) * 4
  if (header < 20 || header > data.length) return undefined
  const flags = data[13]!
  return {
    source,
    sourcePort: u16(data, 0),
    destination,
    destinationPort: u16(data, 2),
    sequence: new DataView(data.buffer, data.byteOffset).getUint32(4),
    syn: (flags & 2) !== 0,
    ack: (flags & 16) !== 0,
    payload: isPadding(data.subarray(header), flags) ? data.subarray(0, 0) : data.subarray(header),
  }
}
