/**
 * Packets out of a capture file: classic pcap (microseconds or nanoseconds, either byte order) and pcapng (draft-ietf-opsawg-pcapng).
 * It knows framing only; what is in a packet is `segments.ts`'s. A file that breaks off yields what is whole, and a note.
 */

/** The bytes are no capture file. */
export class CaptureError extends Error {}

/** `linkType` is a LINKTYPE_ number (tcpdump.org/linktypes.html). */
export type Packet = { readonly linkType: number; readonly data: Uint8Array }

type Reader = { readonly view: DataView; readonly bytes: Uint8Array; readonly little: boolean }

const brokenOff = 'the file breaks off within a packet'

const littleMagics: ReadonlySet<number> = new Set([0xa1b2c3d4, 0xa1b23c4d])
const sectionHeader = 0x0a0d0d0a
const byteOrder = 0x1a2b3c4d
const interfaceBlock = 1
const obsoletePacket = 2
const simplePacket = 3
const enhancedPacket = 6

/** Every packet of the file in its order. */
export function packetsOf(bytes: Uint8Array, notes: string[]): Iterable<Packet> {
  if (bytes.length < 24) throw new CaptureError('not a capture file: shorter than a header')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) === sectionHeader) return pcapng({ view, bytes, little: true }, notes)
  for (const little of [true, false]) {
    if (littleMagics.has(view.getUint32(0, little))) return pcap({ view, bytes, little }, notes)
  }
  throw new CaptureError('neither pcap nor pcapng')
}

/** File header 24 (link type at 20, its upper bits are flags); per packet: seconds, fraction, captured length, length. */
function* pcap({ view, bytes, little }: Reader, notes: string[]): Generator<Packet> {
  const linkType = view.getUint32(20, little) & 0xffff
  let i = 24
  while (i + 16 <= bytes.length) {
    const length = view.getUint32(i + 8, little)
    if (i + 16 + length > bytes.length) break
    yield { linkType, data: bytes.subarray(i + 16, i + 16 + length) }
    i += 16 + length
  }
  if (i < bytes.length) notes.push(brokenOff)
}

/** Blocks: type, length, body, length again. A section header sets the byte order and forgets the interfaces. */
function* pcapng({ view, bytes }: Reader, notes: string[]): Generator<Packet> {
  let little = true
  let linkTypes: number[] = []
  let i = 0
  while (i + 12 <= bytes.length) {
    const type = view.getUint32(i, little)
    if (type === sectionHeader) {
      little = view.getUint32(i + 8, true) === byteOrder
      linkTypes = []
    }
    const length = view.getUint32(i + 4, little)
    if (length < 12 || length % 4 !== 0 || i + length > bytes.length) break
    if (type === interfaceBlock && length >= 20) linkTypes.push(view.getUint16(i + 8, little))
    const packet = packetOf({ view, bytes, little }, type, i, length, linkTypes)
    if (packet !== undefined) yield packet
    i += length
  }
  if (i < bytes.length) notes.push(brokenOff)
}

function packetOf(
  reader: Reader,
  type: number,
  start: number,
  length: number,
  linkTypes: readonly number[],
): Packet | undefined {
  const { view, bytes, little } = reader
  const end = start + length - 4
  const packet = (network: number, from: number, size: number): Packet | undefined => {
    const linkType = linkTypes[network]
    return linkType === undefined || from + size > end
      ? undefined
      : { linkType, data: bytes.subarray(from, from + size) }
  }
  if (type === enhancedPacket && length >= 32) {
    return packet(view.getUint32(start + 8, little), start + 28, view.getUint32(start + 20, little))
  }
  if (type === obsoletePacket && length >= 32) {
    return packet(view.getUint16(start + 8, little), start + 28, view.getUint32(start + 20, little))
  }
  if (type === simplePacket && length >= 16) {
    return packet(0, start + 12, Math.min(view.getUint32(start + 8, little), length - 16))
  }
  return undefined
}
