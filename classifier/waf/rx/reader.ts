/** A place in the text of a pattern. */
import { RegexError } from './error.ts'

export type Times = { readonly min: number; readonly max: number }

const repetition = /[*+?]|\{(\d+)(?:(,)(\d*))?\}/y

export class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get done(): boolean {
    return this.#at >= this.#text.length
  }

  at(what: string): boolean {
    return this.#text.startsWith(what, this.#at)
  }

  /** The next character; empty at the end. */
  peek(): string {
    return this.#text.charAt(this.#at)
  }

  rest(length: number): string {
    return this.#text.slice(this.#at, this.#at + length)
  }

  take(what: string): boolean {
    const isHere = this.at(what)
    if (isHere) this.#at += what.length
    return isHere
  }

  character(): string {
    if (this.done) this.fail('the pattern ends too early')
    return this.#text.charAt(this.#at++)
  }

  /** Patterns are byte strings, as subjects are. */
  byte(): number {
    const value = this.character().charCodeAt(0)
    if (value > 0xff) this.fail('the pattern holds a character that is not a byte')
    return value
  }

  /** `pattern` is sticky; `what` names it in the error. */
  match(pattern: RegExp, what: string): RegExpExecArray {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (!found) return this.fail(`${what} was expected`)
    this.#at += found[0].length
    return found
  }

  /** Whether `{n,m}` stands here; a bracket that is no repetition stands for itself. */
  repetition(): boolean {
    repetition.lastIndex = this.#at
    return this.at('{') && repetition.test(this.#text)
  }

  takeRepetition(): Times | undefined {
    repetition.lastIndex = this.#at
    const found = repetition.exec(this.#text)
    if (!found) return undefined
    this.#at += found[0].length
    const [sign, min, comma, max] = found
    if (min !== undefined) {
      const upTo = comma === undefined ? Number(min) : max === '' ? Number.POSITIVE_INFINITY : Number(max)
      return { min: Number(min), max: upTo }
    }
    return { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Number.POSITIVE_INFINITY }
  }

  /** After `\Q`: the bytes up to `\E` or the end. */
  quoted(): number[] {
    const bytes: number[] = []
    while (!this.done && !this.take('\\E')) bytes.push(this.byte())
    return bytes
  }

  fail(reason: string): never {
    throw new RegexError(reason, this.#at)
  }
}
