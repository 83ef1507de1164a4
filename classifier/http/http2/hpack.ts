/**
 * Header compression, the receiving half (RFC 7541). We announce a table of 0 bytes, so a peer that has seen our
 * settings sends every field in full, and the same block always means the same: what it said last time is remembered.
 * A block that can not be read is `undefined`, and the connection with it (4.3 of RFC 9113), for ours is out of step.
 */
import { decodeHuffman } from './huffman.ts'
import { cachedBlocks, initialTableBytes, maxCachedBlockBytes, maxHeaderListBytes } from './limits.ts'
import { staticTable } from './static-table.ts'

export type Field = readonly [name: string, value: string]

/** Bytes a field counts beside its texts (4.1). */
const fieldOverhead = 32
/** No length or index we accept needs more: 7 + 4 × 7 bits. */
const maxIntegerBytes = 5

const sizeOf = ([name, value]: Field): number => name.length + value.length + fieldOverhead

/** Where a decoder is in a block. `failed` sticks: what is read after it has no meaning. */
type Cursor = { readonly bytes: Buffer; at: number; failed: boolean }

/** An integer with a prefix of `bits` bits (5.1). */
function integer(cursor: Cursor, bits: number): number {
  const most = (1 << bits) - 1
  let value = cursor.bytes[cursor.at++]! & most
  if (value < most) return value
  for (let shift = 0, read = 0; read < maxIntegerBytes; read++, shift += 7) {
    const byte = cursor.bytes[cursor.at++]
    if (byte === undefined) break
    value += (byte & 127) * 2 ** shift
    if (byte < 128) return value
  }
  cursor.failed = true
  return 0
}

/** A text (5.2). */
function text(cursor: Cursor): string {
  const coded = (cursor.bytes[cursor.at] ?? 0) >= 128
  const length = cursor.at < cursor.bytes.length ? integer(cursor, 7) : Number.POSITIVE_INFINITY
  const start = cursor.at
  const end = start + length
  if (end > cursor.bytes.length) {
    cursor.failed = true
    return ''
  }
  cursor.at = end
  const found = coded ? decodeHuffman(cursor.bytes, start, end) : cursor.bytes.toString('latin1', start, end)
  if (found === undefined) cursor.failed = true
  return found ?? ''
}

export class HeaderDecoder {
  /** Newest first. Used only by a peer that has not seen our settings yet. */
  readonly #table: Field[] = []
  #tableBytes = 0
  #capacity = initialTableBytes
  #mostCapacity = initialTableBytes
  readonly #known = new Map<string, readonly Field[]>()

  /** The peer has acknowledged our settings: from here on it may not use a table. */
  settled(): void {
    this.#mostCapacity = 0
  }

  /** The fields of a block, or undefined: it is none, or its fields are more than `maxHeaderListBytes`. */
  decode(block: Buffer): readonly Field[] | undefined {
    if (this.#capacity > 0 || block.length > maxCachedBlockBytes) return this.#read(block)
    const key = block.toString('latin1', 0, block.length)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const fields = this.#read(block)
    if (this.#known.size >= cachedBlocks) this.#known.clear()
    if (fields !== undefined) this.#known.set(key, fields)
    return fields
  }

  #read(block: Buffer): readonly Field[] | undefined {
    const cursor: Cursor = { bytes: block, at: 0, failed: false }
    const fields: Field[] = []
    let bytes = 0
    while (cursor.at < block.length && !cursor.failed) {
      const field = this.#next(cursor, fields.length === 0)
      if (field === undefined) continue
      bytes += sizeOf(field)
      if (bytes > maxHeaderListBytes) return undefined
      fields.push(field)
    }
    return cursor.failed ? undefined : fields
  }

  /** One representation (6); undefined where it was a change of the table's size. */
  #next(cursor: Cursor, first: boolean): Field | undefined {
    const byte = cursor.bytes[cursor.at]!
    if (byte >= 128) return this.#indexed(cursor, integer(cursor, 7))
    if (byte >= 64) return this.#remember(this.#literal(cursor, 6))
    if (byte >= 32) return this.#resize(cursor, integer(cursor, 5), first)
    return this.#literal(cursor, 4) //  not indexed, or never
  }

  #literal(cursor: Cursor, prefix: number): Field {
    const index = integer(cursor, prefix)
    const name = index === 0 ? text(cursor) : this.#indexed(cursor, index)[0]
    return [name, text(cursor)]
  }

  #indexed(cursor: Cursor, index: number): Field {
    const found = staticTable[index] ?? this.#table[index - staticTable.length]
    if (found === undefined || index === 0) cursor.failed = true
    return found ?? ['', '']
  }

  #remember(field: Field): Field {
    this.#table.unshift(field)
    this.#tableBytes += sizeOf(field)
    this.#evict()
    return field
  }

  #resize(cursor: Cursor, size: number, first: boolean): undefined {
    if (!first || size > this.#mostCapacity) cursor.failed = true
    else this.#capacity = size
    this.#evict()
  }

  #evict(): void {
    while (this.#tableBytes > this.#capacity) this.#tableBytes -= sizeOf(this.#table.pop()!)
  }
}
