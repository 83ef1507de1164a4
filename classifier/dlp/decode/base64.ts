/**
 * Runs of base64 or base64url (RFC 4648) inside a stream, decoded; MIME's line breaks inside a run are allowed. It promises
 * the same runs wherever the stream is cut. Words of one case are no base64: paths and identifiers pass unread.
 */
import { Window } from '../../text/window.ts'
import { minBase64Characters } from '../limits.ts'

/** What becomes of the runs. Called in the order of the stream. */
export type Runs = {
  readonly begin: () => void
  /** `text`: whole quanta of four characters; `offset` of the first one in the stream. */
  readonly data: (text: Buffer, offset: number) => void
  readonly end: () => void
}

const alphabet = Uint8Array.from({ length: 256 }, (_, b) => (/[A-Za-z0-9+/_-]/.test(String.fromCharCode(b)) ? 1 : 0))
const step = minBase64Characters

/** The run's first characters: 24 random ones without an upper- or a lower-case letter happen once in 10⁵. */
function looksEncoded(text: Buffer, from: number): boolean {
  let upper = false
  let lower = false
  for (let i = from; i < from + minBase64Characters; i++) {
    const b = text[i]!
    if (b >= 0x41 && b <= 0x5a) upper = true
    else if (b >= 0x61 && b <= 0x7a) lower = true
  }
  return upper && lower
}

export class Base64Finder {
  readonly #runs: Runs
  /** What is not decided yet: part of a word, or of a quantum. */
  readonly #window = new Window()
  /** Stream offset of the window. */
  #offset = 0
  #inside = false
  /** The word that goes on was looked at and is none. */
  #skipping = false

  constructor(runs: Runs) {
    this.#runs = runs
  }

  /** Runs that are still to be begun or to be handed on lie behind this offset. */
  get pending(): number {
    return this.#offset
  }

  push(chunk: Buffer): void {
    this.#window.append(chunk)
    this.#scan(this.#window.text, false)
  }

  finish(): void {
    this.#scan(this.#window.text, true)
    if (this.#inside) this.#runs.end()
  }

  #scan(text: Buffer, final: boolean): void {
    let i = 0
    while (i < text.length) {
      const next = this.#inside ? this.#continueRun(text, i, final) : this.#seek(text, i, final)
      if (next < 0) break
      i = next
    }
    const done = i === text.length ? i : this.#keepFrom
    this.#offset += done
    this.#window.forget(done)
  }

  #keepFrom = 0

  /** The next run from `i` on: looks at every 24th byte, and around it where it is of the alphabet. */
  #seek(text: Buffer, i: number, final: boolean): number {
    let from = i
    if (this.#skipping) {
      while (from < text.length && alphabet[text[from]!]) from++
      if (from < text.length) this.#skipping = false
    }
    for (let probe = from + step - 1; probe < text.length; probe += step) {
      if (!alphabet[text[probe]!]) {
        from = probe + 1
        continue
      }
      let start = probe
      while (start > from && alphabet[text[start - 1]!]) start--
      let end = probe + 1
      while (end < text.length && end < start + step && alphabet[text[end]!]) end++
      if (end - start === step) {
        if (looksEncoded(text, start)) {
          this.#inside = true
          this.#runs.begin()
          return start
        }
        while (end < text.length && alphabet[text[end]!]) end++
        if (end === text.length) this.#skipping = true
      } else if (end === text.length && !final) {
        this.#keepFrom = start
        return -1
      }
      from = end
      probe = end - 1
    }
    let tail = text.length
    if (!this.#skipping) while (tail > from && alphabet[text[tail - 1]!]) tail--
    this.#keepFrom = final ? text.length : tail
    return -1
  }

  /** Hands on the quanta of the run that goes on at `i`. */
  #continueRun(text: Buffer, i: number, final: boolean): number {
    let end = i
    while (end < text.length && alphabet[text[end]!]) end++
    const whole = end - ((end - i) % 4)
    if (whole > i) this.#runs.data(text.subarray(i, whole), this.#offset + i)
    const open = end === text.length || (end + 2 >= text.length && (text[end] === 13 || text[end] === 10))
    if (open && !final) {
      this.#keepFrom = whole
      return -1
    }
    const after = whole === end ? afterLineBreak(text, end) : end
    if (after > end && alphabet[text[after] ?? 0]) return after
    if (whole < end) this.#runs.data(text.subarray(whole, end), this.#offset + whole)
    this.#inside = false
    this.#runs.end()
    return end
  }
}

function afterLineBreak(text: Buffer, i: number): number {
  const skip = text[i] === 13 ? i + 1 : i
  return text[skip] === 10 ? skip + 1 : i
}
