/**
 * JSON (RFC 8259) → arguments named by their path: `{"a":[7]}` is `json.a.0` = `7`, and `json.a` = `1`, the length: a rule
 * on names would not see the array's own name otherwise. A key that stands twice is two arguments, since nobody knows which
 * of them the application takes; numbers are as they are written. Of a broken document, what stands before the break.
 */
import { isUtf8 } from 'node:buffer'
import { maxBodyItems, maxJsonDepth } from './limits.ts'
import { type Body, emptyBody, type Pair } from './model.ts'

export function parseJson(text: string): Body {
  if (!isUtf8(Buffer.from(text, 'latin1'))) return { ...emptyBody, error: 'JSON: not UTF-8' }
  const reader = new Reader(text)
  try {
    reader.document()
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    return { ...emptyBody, arguments: reader.found, error: `JSON: ${error.message}` }
  }
  return { ...emptyBody, arguments: reader.found }
}

class Broken extends Error {}

const blank = /[ \t\n\r]*/y
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y
const literals: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' }

class Reader {
  readonly found: Pair[] = []
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): void {
    this.#value('json', 0)
    if (this.#peek() !== '') this.#fail('text behind the document')
  }

  #value(path: string, depth: number): void {
    if (depth > maxJsonDepth) throw new Broken(`nested more than ${maxJsonDepth} deep`)
    const first = this.#peek()
    if (first === '{') this.#object(path, depth)
    else if (first === '[') this.#array(path, depth)
    else this.#add(path, first === '"' ? this.#string() : this.#plain(first))
  }

  #object(path: string, depth: number): void {
    for (const _ of this.#items('{', '}')) {
      const key = this.#string()
      this.#take(':')
      this.#value(`${path}.${key}`, depth + 1)
    }
  }

  #array(path: string, depth: number): void {
    const own = this.#add(path, '0')
    let length = 0
    for (const _ of this.#items('[', ']')) {
      this.#value(`${path}.${length}`, depth + 1)
      length += 1
      this.found[own] = [path, String(length)]
    }
  }

  /** Stands at each of the items in turn, and behind the closing bracket at the end. */
  *#items(open: string, close: string): Generator<undefined> {
    this.#take(open)
    if (this.#peek() === close) {
      this.#at += 1
      return
    }
    for (;;) {
      yield
      if (this.#peek() !== ',') break
      this.#at += 1
    }
    this.#take(close)
  }

  #add(path: string, text: string): number {
    if (this.found.length === maxBodyItems) throw new Broken(`more than ${maxBodyItems} values`)
    return this.found.push([path, text]) - 1
  }

  /** The next byte that is no blank, or nothing at the end. */
  #peek(): string {
    blank.lastIndex = this.#at
    blank.test(this.#text)
    this.#at = blank.lastIndex
    return this.#text.charAt(this.#at)
  }

  #take(wanted: string): void {
    if (this.#peek() !== wanted) this.#fail(`no ${wanted} where one must be`)
    this.#at += 1
  }

  #string(): string {
    if (this.#peek() !== '"') this.#fail('no text where one must be')
    const start = this.#at
    this.#at = this.#endOfString(start + 1)
    const written = this.#text.slice(start, this.#at)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in text
    if (!/[\\\0-\x1f]/.test(written)) return written.slice(1, -1)
    try {
      const text = JSON.parse(Buffer.from(written, 'latin1').toString('utf8')) as string
      return Buffer.from(text, 'utf8').toString('latin1')
    } catch {
      return this.#fail('text with an escape that is none, or with a control character')
    }
  }

  /** Behind the quotation mark that no backslash escapes. */
  #endOfString(from: number): number {
    for (let end = this.#text.indexOf('"', from); end !== -1; end = this.#text.indexOf('"', end + 1)) {
      let before = end
      while (before > from && this.#text[before - 1] === '\\') before -= 1
      if ((end - before) % 2 === 0) return end + 1
    }
    return this.#fail('text without an end')
  }

  #plain(first: string): string {
    const literal = literals[first]
    if (literal !== undefined && this.#text.startsWith(literal, this.#at)) {
      this.#at += literal.length
      return literal === 'null' ? '' : literal
    }
    number.lastIndex = this.#at
    const found = number.exec(this.#text)?.[0]
    if (found === undefined) return this.#fail('no value where one must be')
    this.#at = number.lastIndex
    return found
  }

  #fail(problem: string): never {
    throw new Broken(`${problem} (byte ${this.#at})`)
  }
}
