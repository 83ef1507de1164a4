/**
 * The column names of a table: the first line of a text, where it looks like one. What is context for a number in CSV stands
 * there, a thousand lines away. One table for a text; a line that begins too far before the number is not counted in.
 */
import { type ContextWords, isAnyIn } from './context.ts'
import { columnBytes, headingBytes } from './limits.ts'

const separators = [0x3b, 0x2c, 0x09, 0x7c]
const newline = 0x0a
const quote = 0x22

export class Columns {
  readonly #separator: number
  /** By detector: the columns whose names have one of its words. */
  readonly #named: readonly ReadonlySet<number>[]
  /** The context bits of all detectors that have such a column. */
  readonly bits: number

  private constructor(context: ContextWords, heading: Buffer, separator: number) {
    const names = cellsOf(heading, separator)
    this.#separator = separator
    this.#named = context.words.map((words, detector) => {
      const named = words
        ? names.flatMap(([from, to], i) => (isAnyIn(context, detector, heading, from, to) ? [i] : []))
        : []
      return new Set(named)
    })
    this.bits = this.#named.reduce((bits, { size }, detector) => (size > 0 ? bits | context.bits[detector]! : bits), 0)
  }

  /** Of the beginning of a text; undefined where it is no table whose columns mean anything to anybody. */
  static of(context: ContextWords, text: Buffer): Columns | undefined {
    const end = text.indexOf(newline)
    if (end < 0 || end >= headingBytes) return undefined
    const heading = text.subarray(0, end)
    const counts = separators.map((separator) => countOf(separator, heading))
    const most = Math.max(...counts)
    if (most === 0 || /[{}<>=]/.test(heading.toString('latin1'))) return undefined
    const columns = new Columns(context, heading, separators[counts.indexOf(most)]!)
    return columns.bits === 0 ? undefined : columns
  }

  /** Is `start` in a column that is named for this detector? */
  has(detector: number, text: Buffer, start: number): boolean {
    const columns = this.#named[detector]!
    return columns.size > 0 && columns.has(this.#columnAt(text, start))
  }

  /** Counted from the beginning of its line; -1 where that is too far away. */
  #columnAt(text: Buffer, start: number): number {
    const before = start > 0 ? text.lastIndexOf(newline, start - 1) : -1
    if (before < 0 || start - before > columnBytes) return -1
    let column = 0
    let quoted = false
    for (let i = before + 1; i < start; i++) {
      if (text[i] === quote) quoted = !quoted
      else if (text[i] === this.#separator && !quoted) column++
    }
    return column
  }
}

function countOf(byte: number, text: Buffer): number {
  let count = 0
  for (let i = text.indexOf(byte); i >= 0; i = text.indexOf(byte, i + 1)) count++
  return count
}

function cellsOf(heading: Buffer, separator: number): readonly (readonly [from: number, to: number])[] {
  const cells: [number, number][] = []
  for (let from = 0; from <= heading.length; ) {
    const next = heading.indexOf(separator, from)
    const to = next < 0 ? heading.length : next
    cells.push([from, to])
    from = to + 1
  }
  return cells
}
