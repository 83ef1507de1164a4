/**
 * The wire format of protocol buffers (protobuf.dev/programming-guides/encoding), as much of it as ext_proc's messages
 * need. Reading is total: bytes that are no message make `failed` true, and what was read means nothing then.
 */

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** Reads the fields of one message, and those of the messages inside it in place. */
export class Reader {
  readonly bytes: Buffer
  at = 0
  failed = false

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** Numbers above 2^53 lose their low bits: none of ours is so large. */
  varint(): number {
    let value = this.bytes[this.at++] ?? this.#fail()
    if (value < 128) return value
    value &= 127
    for (let factor = 128; factor <= 2 ** 63; factor *= 128) {
      const byte = this.bytes[this.at++] ?? this.#fail()
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
    return this.#fail()
  }

  /** Where the length-delimited field that begins here ends; never past `end`. */
  endOf(end: number): number {
    const length = this.varint()
    const found = this.at + length
    if (found <= end) return found
    this.#fail()
    return end
  }

  text(end: number): string {
    const stop = this.endOf(end)
    const found = this.bytes.toString('latin1', this.at, stop)
    this.at = stop
    return found
  }

  /** The bytes themselves, not a copy. */
  blob(end: number): Buffer {
    const stop = this.endOf(end)
    const found = this.bytes.subarray(this.at, stop)
    this.at = stop
    return found
  }

  /** Past a field nobody knows. */
  skip(tag: number, end: number): void {
    const type = tag & 7
    if (type === wireType.varint) this.varint()
    else if (type === wireType.bytes) this.at = this.endOf(end)
    else if (type === wireType.fixed64) this.at += 8
    else if (type === wireType.fixed32) this.at += 4
    else this.#fail() // groups have gone from the language, the other two never were in it
    if (this.at > end) this.#fail()
  }

  /** Tags until `end`; stops at the first thing that is none. */
  next(end: number): number {
    return this.failed || this.at >= end ? 0 : this.varint()
  }

  #fail(): number {
    this.failed = true
    this.at = this.bytes.length
    return 0
  }
}

const inBytes = (field: number) => (field << 3) | wireType.bytes
const inVarint = (field: number) => (field << 3) | wireType.varint

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

/** A message under construction: pieces and their sizes, joined once. Fields' numbers are 1 to 15. */
export class Message {
  readonly #pieces: (Uint8Array | number)[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  number(field: number, value: number): this {
    return this.#varint(inVarint(field)).#varint(value)
  }

  double(field: number, value: number): this {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeDoubleLE(value)
    this.#varint((field << 3) | wireType.fixed64)
    return this.#bytes(bytes)
  }

  /** UTF-8. */
  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'))
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#varint(inBytes(field)).#varint(value.length).#bytes(value)
  }

  message(field: number, value: Message): this {
    this.#varint(inBytes(field)).#varint(value.#size)
    for (const piece of value.#pieces) this.#pieces.push(piece)
    this.#size += value.#size
    return this
  }

  #varint(value: number): this {
    this.#pieces.push(value)
    this.#size += varintSize(value)
    return this
  }

  #bytes(value: Uint8Array): this {
    this.#pieces.push(value)
    this.#size += value.length
    return this
  }

  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#size)
    let at = 0
    for (const piece of this.#pieces) {
      if (typeof piece === 'number') at = writeVarint(bytes, at, piece)
      else {
        bytes.set(piece, at)
        at += piece.length
      }
    }
    return bytes
  }
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128
  bytes[at++] = rest
  return at
}
