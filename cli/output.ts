/** Tables, JSON and YAML. What comes from the network (paths, hosts, names) never reaches the terminal as control codes. */
import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import type { Io } from './io.ts'

export type Format = 'table' | 'json' | 'yaml'

/** Adds `-o, --output`. */
export const withOutput = (command: Command): Command =>
  command.addOption(
    new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'yaml']).default('table'),
  )

const colours = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, grey: 90, bold: 1 } as const
export type Colour = keyof typeof colours

export const paint = (io: Io, colour: Colour | undefined, text: string): string =>
  io.colour && colour !== undefined ? `\u001b[${colours[colour]}m${text}\u001b[0m` : text

/** Control, bidirectional and line separator characters as `\u{…}`: an HTTP path must not write on the screen. */
export const clean = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)

/** Each text on a line of its own, however long: a folded regex is hard to read and to compare. */
export const yamlOf = (value: unknown): string => stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 })

/** Prints the value as asked; `text` makes the table form. */
export function print(io: Io, format: Format, value: unknown, text: () => string): void {
  const render: Readonly<Record<Format, () => string>> = {
    table: text,
    json: () => `${JSON.stringify(value, null, 2)}\n`,
    yaml: () => yamlOf(value),
  }
  io.out(render[format]())
}

export type Column<T> = {
  readonly title: string
  readonly text: (row: T) => string
  readonly colour?: (row: T) => Colour | undefined
}

/** Rows under their titles; `empty` says why there may be none. */
export function table<T>(io: Io, columns: readonly Column<T>[], rows: readonly T[], empty: string): string {
  if (rows.length === 0) return `${empty}\n`
  const cells = rows.map((row) => columns.map((column) => clean(column.text(row))))
  const widths = columns.map((column, i) => Math.max(column.title.length, ...cells.map((line) => line[i]!.length)))
  const head = paint(io, 'bold', columns.map((column, i) => pad(column.title, widths, i)).join('  '))
  const lines = cells.map((line, r) =>
    line
      .map((text, i) => paint(io, columns[i]!.colour?.(rows[r]!), pad(text, widths, i)))
      .join('  ')
      .trimEnd(),
  )
  return `${[head, ...lines].join('\n')}\n`
}

/** The last column is not padded: no trailing blanks. */
const pad = (text: string, widths: readonly number[], i: number): string =>
  i === widths.length - 1 ? text : text.padEnd(widths[i]!)
