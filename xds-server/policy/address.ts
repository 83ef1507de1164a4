/**
 * IP addresses as text and as numbers, blocks of them, and the question "which block is this address in?".
 * One canonical text per address (RFC 5952; IPv4-mapped IPv6 is the IPv4 it maps), so that texts can be compared.
 * Never resolves names and never accepts a spelling that programs read in two ways (leading zeros, zones).
 */

export type Family = 4 | 6
export type Address = { readonly family: Family; readonly value: bigint }
/** A block: `value` is its first address, `length` the number of leading bits that all its addresses share. */
export type Cidr = Address & { readonly length: number }

const bits: Readonly<Record<Family, number>> = { 4: 32, 6: 128 }
const mappedPrefix = 0xffffn

const octet = '(0|[1-9][0-9]{0,2})'
const v4Pattern = new RegExp(`^${octet}\\.${octet}\\.${octet}\\.${octet}$`)

function parseV4(text: string): bigint | undefined {
  const found = v4Pattern.exec(text)
  if (found === null) return undefined
  const octets = found.slice(1).map(Number)
  return octets.some((o) => o > 255) ? undefined : octets.reduce((value, o) => (value << 8n) | BigInt(o), 0n)
}

/** Hextets of one side of `::`; a dotted IPv4 at the very end counts as two. */
function hextets(text: string): readonly bigint[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const values: bigint[] = []
  for (const [i, part] of parts.entries()) {
    const v4 = i === parts.length - 1 && part.includes('.') ? parseV4(part) : undefined
    if (v4 !== undefined) values.push(v4 >> 16n, v4 & 0xffffn)
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) values.push(BigInt(`0x${part}`))
    else return undefined
  }
  return values
}

function parseV6(text: string): bigint | undefined {
  const sides = text.split('::')
  if (sides.length > 2 || (sides.length === 2 && sides[0]!.includes('.'))) return undefined
  const head = hextets(sides[0]!)
  const tail = sides.length === 2 ? hextets(sides[1]!) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (sides.length === 2 ? missing < 1 : missing !== 0) return undefined
  return [...head, ...Array<bigint>(missing).fill(0n), ...tail].reduce((value, h) => (value << 16n) | h, 0n)
}

/** An IPv4-mapped IPv6 address becomes the IPv4 address. Undefined: not an address. */
export function parseAddress(text: string): Address | undefined {
  const v4 = parseV4(text)
  if (v4 !== undefined) return { family: 4, value: v4 }
  const v6 = text.includes(':') ? parseV6(text) : undefined
  if (v6 === undefined) return undefined
  return v6 >> 32n === mappedPrefix ? { family: 4, value: v6 & 0xffff_ffffn } : { family: 6, value: v6 }
}

/** Start and length of the longest run of zeros, the first one where several are as long (RFC 5952 section 4.2). */
function longestZeros(parts: readonly bigint[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < parts.length; start++) {
    let end = start
    while (parts[end] === 0n) end++
    if (end - start > best.length) best = { start, length: end - start }
    if (end > start) start = end
  }
  return best
}

function formatV6(value: bigint): string {
  const parts = Array.from({ length: 8 }, (_, i) => (value >> BigInt(112 - 16 * i)) & 0xffffn)
  const texts = parts.map((p) => p.toString(16))
  const zeros = longestZeros(parts)
  if (zeros.length < 2) return texts.join(':')
  return `${texts.slice(0, zeros.start).join(':')}::${texts.slice(zeros.start + zeros.length).join(':')}`
}

/** The canonical text. */
export function formatAddress({ family, value }: Address): string {
  if (family === 6) return formatV6(value)
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
}

/** Canonical text of an address given as text; undefined: not an address. */
export function canonicalAddress(text: string): string | undefined {
  const address = parseAddress(text)
  return address && formatAddress(address)
}

function truncate({ family, value }: Address, length: number): Cidr {
  const host = BigInt(bits[family] - length)
  return { family, value: (value >> host) << host, length }
}

/** `a/n`, or a bare address as a block of one. Host bits are cleared. A mapped IPv6 block of /96 or longer is IPv4. */
export function parseCidr(text: string): Cidr | undefined {
  const [head, tail, ...rest] = text.split('/')
  const address = parseAddress(head!)
  if (address === undefined || rest.length > 0) return undefined
  if (tail === undefined) return { ...address, length: bits[address.family] }
  if (!/^(0|[1-9][0-9]{0,2})$/.test(tail)) return undefined
  const mapped = address.family === 4 && head!.includes(':')
  const length = mapped ? Number(tail) - 96 : Number(tail)
  return length < 0 || length > bits[address.family] ? undefined : truncate(address, length)
}

/** Canonical text, always with its length. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr)}/${cidr.length}`
}

/** The largest block that starts at `first` and does not go past `last`. */
function largestBlock(family: Family, first: bigint, last: bigint): Cidr {
  let length = bits[family]
  while (length > 0) {
    const host = BigInt(bits[family] - length + 1)
    const aligned = (first >> host) << host === first
    if (!aligned || first + (1n << host) - 1n > last) break
    length--
  }
  return { family, value: first, length }
}

/** The fewest blocks that are exactly `a-b` (at most 62 for IPv4, 254 for IPv6). Undefined: not a range, or backwards. */
export function parseRange(text: string): readonly Cidr[] | undefined {
  const [first, last, ...rest] = text.split('-').map((t) => parseAddress(t.trim()))
  if (first === undefined || last === undefined || rest.length > 0) return undefined
  if (first.family !== last.family || first.value > last.value) return undefined
  const blocks: Cidr[] = []
  for (let at = first.value; at <= last.value; ) {
    const block = largestBlock(first.family, at, last.value)
    blocks.push(block)
    at += 1n << BigInt(bits[block.family] - block.length)
  }
  return blocks
}

/** An address, a CIDR or a range as blocks. */
export function parseBlocks(text: string): readonly Cidr[] | undefined {
  if (text.includes('-')) return parseRange(text)
  const cidr = parseCidr(text)
  return cidr && [cidr]
}

export function contains(cidr: Cidr, address: Address): boolean {
  return cidr.family === address.family && truncate(address, cidr.length).value === cidr.value
}
