/**
 * One pass over a text tells which rules are worth asking: the literals that patterns require (Aho-Corasick over all of
 * them at once, without case) and the bytes they need. Promises: never keeps away what would match, as long as the
 * requirements (`rx/requirement.ts`) are sound.
 */
import { wordsOf } from '../rx/bytes.ts'
import type { Requirement } from '../rx/requirement.ts'

/** A requirement that was given to the screen. */
export type Ticket = number

type Needs = { readonly literal: boolean; readonly masks: readonly Uint32Array[]; readonly minLength: number }

/**
 * Of a literal only the start is looked for: whole ones (CRS's word lists are 170 KB) would need a table that no
 * processor's cache holds, and cost more than they keep away.
 */
const maxLiteralBytes = 6

export class Screen {
  readonly #needs: Needs[] = []
  readonly #alphabet = new Uint8Array(256)
  #width = 1
  /** Next state by state × width + letter; built by `build`. */
  #next: Uint16Array | Int32Array = new Int32Array(0)
  /** Tickets whose literal ends in a state, as bits. */
  #ends: (Uint32Array | undefined)[] = []
  readonly #literals: { readonly text: string; readonly ticket: Ticket }[] = []

  // What a scan has met, stamped instead of cleared.
  #scan = 0
  #stateSeen = new Uint32Array(0)
  /** What texts of this request have; a value looks the same after most transformations. */
  readonly #looks = new Map<string, Look>()
  /** Tickets that ask for no literal. */
  #free = new Uint32Array(0)

  add({ literals, bytes, minLength }: Requirement): Ticket {
    const ticket = this.#needs.length
    this.#needs.push({ literal: literals !== undefined, masks: bytes.map(maskOf), minLength })
    const starts = new Set((literals ?? []).map((text) => text.slice(0, maxLiteralBytes)))
    for (const text of starts) this.#literals.push({ text, ticket })
    return ticket
  }

  /** After the last `add`, before the first `admitted`. */
  build(): void {
    for (const { text } of this.#literals) for (let i = 0; i < text.length; i += 1) this.#letter(text.charCodeAt(i))
    for (let upper = 65; upper <= 90; upper += 1) this.#alphabet[upper] = this.#alphabet[upper + 32]!
    const size = 1 + this.#literals.reduce((sum, { text }) => sum + text.length, 0)
    const next = new Int32Array(size * this.#width)
    const ends: Set<Ticket>[] = [new Set()]
    for (const { text, ticket } of this.#literals) this.#insert(next, ends, text, ticket)
    this.#link(next, ends)
    const used = next.subarray(0, ends.length * this.#width)
    // half the size where it fits: what is walked most stays in the processor's cache
    this.#next = ends.length <= 0xffff ? Uint16Array.from(used) : used.slice()
    this.#ends = ends.map((tickets) => (tickets.size === 0 ? undefined : this.bits([...tickets])))
    this.#stateSeen = new Uint32Array(ends.length)
    this.#free = this.bits(this.#needs.flatMap(({ literal }, ticket) => (literal ? [] : [ticket])))
  }

  /** After the last `add`: a set of tickets. */
  bits(tickets: readonly Ticket[]): Uint32Array<ArrayBuffer> {
    const made = new Uint32Array((this.#needs.length + 31) >> 5)
    for (const ticket of tickets) made[ticket >> 5] = made[ticket >> 5]! | (1 << (ticket & 31))
    return made
  }

  #letter(code: number): void {
    if (this.#alphabet[code] !== 0) return
    this.#alphabet[code] = this.#width
    this.#width += 1
  }

  #insert(next: Int32Array, ends: Set<Ticket>[], text: string, ticket: Ticket): void {
    let state = 0
    for (let i = 0; i < text.length; i += 1) {
      const at = state * this.#width + this.#alphabet[text.charCodeAt(i)]!
      if (next[at] === 0) {
        next[at] = ends.length
        ends.push(new Set())
      }
      state = next[at]!
    }
    ends[state]!.add(ticket)
  }

  /** Breadth first: where a letter leads nowhere, go on from the longest suffix that is a prefix. */
  #link(next: Int32Array, ends: Set<Ticket>[]): void {
    const width = this.#width
    const suffix = new Int32Array(ends.length)
    const queue: number[] = []
    for (let letter = 1; letter < width; letter += 1) if (next[letter] !== 0) queue.push(next[letter]!)
    for (let head = 0; head < queue.length; head += 1) {
      const state = queue[head]!
      const back = suffix[state]!
      for (const ticket of ends[back]!) ends[state]!.add(ticket)
      for (let letter = 1; letter < width; letter += 1) {
        const child = next[state * width + letter]!
        const instead = next[back * width + letter]!
        if (child === 0) next[state * width + letter] = instead
        else {
          suffix[child] = instead
          queue.push(child)
        }
      }
    }
  }

  /** Those of the tickets whose requirements the text may meet. */
  admitted(wanted: Uint32Array, text: string, found: (ticket: Ticket) => void): void {
    const look = this.#looks.get(text) ?? this.#look(text)
    for (let word = 0; word < wanted.length; word += 1) {
      for (let rest = wanted[word]! & look.tickets[word]!; rest !== 0; rest &= rest - 1) {
        const ticket = word * 32 + 31 - Math.clz32(rest & -rest)
        if (this.#meets(this.#needs[ticket]!, text, look)) found(ticket)
      }
    }
  }

  #meets({ masks, minLength }: Needs, text: string, { present }: Look): boolean {
    if (text.length < minLength) return false
    for (const mask of masks) if (!intersect(mask, present)) return false
    return true
  }

  #look(text: string): Look {
    this.#scan = this.#scan === 0xffffffff ? 1 : this.#scan + 1
    const look = { present: new Uint32Array(8), tickets: this.#free.slice() }
    const { present, tickets } = look
    const [next, alphabet, width, seen, scan] = [this.#next, this.#alphabet, this.#width, this.#stateSeen, this.#scan]
    let state = 0
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i) & 255
      present[code >> 5]! |= 1 << (code & 31)
      const letter = alphabet[code]!
      state = letter === 0 ? 0 : next[state * width + letter]!
      if (seen[state] === scan) continue
      seen[state] = scan
      const ended = this.#ends[state]
      if (ended) for (let word = 0; word < ended.length; word += 1) tickets[word]! |= ended[word]!
    }
    this.#looks.set(text, look)
    return look
  }

  /** Texts are not kept longer than their request. */
  forget(): void {
    this.#looks.clear()
  }
}

/** Bytes that a text has, and tickets whose literals are in it. */
type Look = { readonly present: Uint32Array; readonly tickets: Uint32Array }

function intersect(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0; i < 8; i += 1) if ((a[i]! & b[i]!) !== 0) return true
  return false
}

const maskOf = (set: bigint): Uint32Array => wordsOf(set).slice()
