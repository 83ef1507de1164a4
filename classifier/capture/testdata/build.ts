/** Builds capture files packet by packet, for the tests of their reader. */
import type { Packet } from '../packets.ts'

type TcpOptions = {
  readonly from?: string
  readonly fromPort?: number
  readonly to?: string
  readonly toPort?: number
  readonly sequence?: number
  /** Letters of the flags that are set: S, A, F, R, P. */
  readonly flags?: string
  readonly payload?: string | Uint8Array
}

const flagBits: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16 }

const bytesOf = (payload: string | Uint8Array): Uint8Array =>
  typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload

/** A TCP segment with IPv4 or IPv6 around it, by the form of its addresses. */
export function ip(options: TcpOptions): Buffer {
  const { from = '10.1.0.1', to = '10.1.0.2', payload = '' } = options
  const tcp = Buffer.alloc(20)
  tcp.writeUInt16BE(options.fromPort ?? 40000, 0)
  tcp.writeUInt16BE(options.toPort ?? 80, 2)
  tcp.writeUInt32BE((options.sequence ?? 1000) >>> 0, 4)
  tcp[12] = 5 << 4
  tcp[13] = [...(options.flags ?? 'AP')].reduce((bits, letter) => bits | flagBits[letter]!, 0)
  const body = Buffer.concat([tcp, bytesOf(payload)])
  return from.includes(':') ? ipv6(from, to, body) : ipv4(from, to, body)
}

function ipv4(from: string, to: string, body: Uint8Array): Buffer {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header.writeUInt16BE(20 + body.length, 2)
  header[9] = 6
  header.set(from.split('.').map(Number), 12)
  header.set(to.split('.').map(Number), 16)
  return Buffer.concat([header, body])
}

function ipv6(from: string, to: string, body: Uint8Array, next = 6): Buffer {
  const header = Buffer.alloc(40)
  header[0] = 0x60
  header.writeUInt16BE(body.length, 4)
  header[6] = next
  header.set(ipv6Bytes(from), 8)
  header.set(ipv6Bytes(to), 24)
  return Buffer.concat([header, body])
}

/** `2001:db8::1` and the like. */
function ipv6Bytes(address: string): Uint8Array {
  const [head = '', tail] = address.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail ?? '')]
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** Puts extension headers between the IPv6 header and TCP: hop-by-hop, then a first fragment. */
export function extended(packet: Buffer): Buffer {
  const hop = Buffer.from([44, 0, 1, 4, 0, 0, 0, 0])
  const fragment = Buffer.from([6, 0, 0, 1, 0, 0, 0, 7])
  const header = Buffer.from(packet.subarray(0, 40))
  header[6] = 0
  header.writeUInt16BE(packet.length - 40 + 16, 4)
  return Buffer.concat([header, hop, fragment, packet.subarray(40)])
}

const etherType = (packet: Buffer): number => (packet[0]! >> 4 === 4 ? 0x0800 : 0x86dd)
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255])

/** The packet as each kind of link carries it, by LINKTYPE_ number. */
export const link: Readonly<Record<string, (packet: Buffer) => Packet>> = {
  ethernet: (p) => ({ linkType: 1, data: Buffer.concat([Buffer.alloc(12), u16(etherType(p)), p]) }),
  'ethernet, padded to 60 bytes': (p) => {
    const frame = Buffer.concat([Buffer.alloc(12), u16(etherType(p)), p])
    return { linkType: 1, data: Buffer.concat([frame, Buffer.alloc(Math.max(0, 60 - frame.length))]) }
  },
  'ethernet, two VLAN tags': (p) => ({
    linkType: 1,
    data: Buffer.concat([Buffer.alloc(12), u16(0x88a8), u16(7), u16(0x8100), u16(8), u16(etherType(p)), p]),
  }),
  'raw IP': (p) => ({ linkType: 101, data: p }),
  'Linux cooked': (p) => ({ linkType: 113, data: Buffer.concat([Buffer.alloc(14), u16(etherType(p)), p]) }),
  'Linux cooked v2': (p) => ({ linkType: 276, data: Buffer.concat([u16(etherType(p)), Buffer.alloc(18), p]) }),
  'BSD loopback': (p) => ({ linkType: 0, data: Buffer.concat([Buffer.from([2, 0, 0, 0]), p]) }),
  'OpenBSD loopback': (p) => ({ linkType: 108, data: Buffer.concat([Buffer.from([0, 0, 0, 2]), p]) }),
}

/** A classic pcap file, in either byte order, with micro- or nanoseconds. */
export function pcap(packets: readonly Packet[], { little = true, nano = false } = {}): Buffer {
  const u32 = (value: number): Buffer => {
    const b = Buffer.alloc(4)
    if (little) b.writeUInt32LE(value)
    else b.writeUInt32BE(value)
    return b
  }
  const version = little ? Buffer.from([2, 0, 4, 0]) : Buffer.from([0, 2, 0, 4])
  const magic = nano ? 0xa1b23c4d : 0xa1b2c3d4
  const header = [u32(magic), version, u32(0), u32(0), u32(65535), u32(packets[0]?.linkType ?? 1)]
  const records = packets.flatMap(({ data }) => [u32(0), u32(0), u32(data.length), u32(data.length), data])
  return Buffer.concat([...header, ...records])
}

/** A pcapng file: one section, one interface per link type, enhanced (or obsolete, or simple) packet blocks. */
export function pcapng(packets: readonly Packet[], { little = true, kind = 6 } = {}): Buffer {
  const u32 = (value: number): Buffer => {
    const b = Buffer.alloc(4)
    if (little) b.writeUInt32LE(value)
    else b.writeUInt32BE(value)
    return b
  }
  const half = (value: number): Buffer => (little ? Buffer.from([value & 255, value >> 8]) : u16(value))
  const block = (type: number, ...parts: readonly Uint8Array[]): Buffer => {
    const body = Buffer.concat(parts)
    const padded = Buffer.concat([body, Buffer.alloc(-body.length & 3)])
    return Buffer.concat([u32(type), u32(padded.length + 12), padded, u32(padded.length + 12)])
  }
  const links = [...new Set(packets.map((p) => p.linkType))]
  const section = block(0x0a0d0d0a, u32(0x1a2b3c4d), half(1), half(0), u32(0xffffffff), u32(0xffffffff))
  const interfaces = links.map((type) => block(1, half(type), half(0), u32(65535)))
  const blocks = packets.map(({ linkType, data }) => {
    const size = u32(data.length)
    if (kind === 3) return block(3, size, data)
    if (kind === 2) return block(2, half(links.indexOf(linkType)), half(0), u32(0), u32(0), size, size, data)
    return block(6, u32(links.indexOf(linkType)), u32(0), u32(0), size, size, data)
  })
  return Buffer.concat([section, ...interfaces, ...blocks])
}
