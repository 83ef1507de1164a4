/** How many different values a detector found in one part of a message. It knows them by a keyed hash only. */
import { randomInt } from 'node:crypto'
import { isAlnum } from './bytes.ts'

/** The largest prime below 2^26: a product of two smaller numbers is exact in a double. */
const prime = 67_108_859
/** Of this process: who does not know them can not make two values look the same (a polynomial hash is universal). */
const keys = [randomInt(256, prime), randomInt(256, prime)] as const

/** Of what counts in a value: separators and case do not, so that a card in one piece is the same as in four. */
function hashOf(value: Buffer): number {
  let a = 1
  let b = 1
  for (let i = 0; i < value.length; i++) {
    const byte = value[i]!
    if (!isAlnum(byte) && byte !== 0x40 && byte < 0x80) continue
    a = (a * keys[0] + (byte | 0x20)) % prime
    b = (b * keys[1] + (byte | 0x20)) % prime
  }
  return a * prime + b
}

export class Tally {
  readonly #wanted: number
  /** Of each value the end of its first place. */
  readonly #ends = new Map<number, number>()
  #found = 0

  /** @param wanted so many different ones are told apart, further ones are not kept */
  constructor(wanted: number) {
    this.#wanted = wanted
  }

  add(value: Buffer, end: number): void {
    this.#found++
    if (this.#ends.size >= this.#wanted) return
    const hash = hashOf(value)
    const known = this.#ends.get(hash)
    if (known === undefined || end < known) this.#ends.set(hash, end)
  }

  /** All of them, equal ones too. */
  get found(): number {
    return this.#found
  }

  /** Adds the different ones that end no later than `limit` to `values`. */
  into(values: Set<number>, limit: number): void {
    for (const [hash, end] of this.#ends) if (end <= limit) values.add(hash)
  }
}
