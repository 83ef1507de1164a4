/**
 * The first bytes of one direction of a TCP connection, put together from segments that may come twice, overlap, come late
 * or not at all. It keeps the first 4 KB and a few segments that wait for a gap to close.
 */

/** What the recognisers look at. */
const maxStreamBytes = 4096
/** Bytes beyond a gap that wait for it to close, and the segments they may be in. */
const maxParkedBytes = maxStreamBytes
const maxParked = 32
/** How far back a segment may reach when the capture began in the middle and our first was not the first. */
const maxRewind = 4096

export class Stream {
  #bytes = new Uint8Array(0)
  /** The sequence number of the first byte; a guess where no SYN was seen. */
  #first: number | undefined
  #certain = false
  #parked: readonly { sequence: number; payload: Uint8Array }[] = []

  /** A SYN was seen: the stream begins right after it. */
  begin(sequence: number): void {
    this.#first = sequence >>> 0
    this.#certain = true
  }

  add(sequence: number, payload: Uint8Array): void {
    if (payload.length === 0) return
    this.#first ??= sequence
    const offset = distance(this.#first, sequence)
    if (offset < 0 && !this.#certain && -offset <= maxRewind) this.#rewind(sequence)
    if (!this.#join(sequence, payload)) this.#park(sequence, payload)
    else this.#unpark()
  }

  /** The bytes from the beginning up to the first gap. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** The first segment we saw was not the first: begin again there, with what we had as parked. */
  #rewind(sequence: number): void {
    this.#park(this.#first!, this.#bytes)
    this.#first = sequence
    this.#bytes = new Uint8Array(0)
  }

  /** False where there is a gap before it. */
  #join(sequence: number, payload: Uint8Array): boolean {
    const offset = distance(this.#first!, sequence)
    const known = this.#bytes.length - offset
    if (known < 0) return false
    const fresh = payload.subarray(known, known + maxStreamBytes - this.#bytes.length)
    if (fresh.length > 0) this.#bytes = Buffer.concat([this.#bytes, fresh])
    return true
  }

  #park(sequence: number, payload: Uint8Array): void {
    const offset = distance(this.#first!, sequence)
    const kept = this.#parked.reduce((sum, segment) => sum + segment.payload.length, 0)
    const room = Math.min(maxParkedBytes - kept, maxStreamBytes - Math.max(offset, 0))
    if (this.#parked.length >= maxParked || room <= 0 || offset < -maxRewind) return
    this.#parked = [...this.#parked, { sequence, payload: payload.slice(0, room) }]
  }

  #unpark(): void {
    for (let joined = true; joined; ) {
      const waiting = this.#parked
      this.#parked = waiting.filter(({ sequence, payload }) => !this.#join(sequence, payload))
      joined = this.#parked.length < waiting.length
    }
  }
}

/** How far `to` is after `from`, modulo 2^32, as a signed number. */
function distance(from: number, to: number): number {
  return (to - from) | 0
}
