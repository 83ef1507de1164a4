/** `bench/results.json` (every figure with where and when it was measured) and `bench/RESULTS.md`, written from it. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { type Figure, gateText, isMet, ratioOf } from './figure.ts'

const folder = resolve(import.meta.dirname, '..', '..', 'bench')
const resultsFile = join(folder, 'results.json')
const reportFile = join(folder, 'RESULTS.md')

const result = z.object({
  bench: z.string(),
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  peer: z.string().nullable(),
  peerValue: z.number().nullable(),
  /** value / peerValue, or the median of the rounds' */
  ratio: z.number().nullable(),
  gate: z.string().nullable(),
  met: z.boolean().nullable(),
  /** Why it is not to be trusted. */
  note: z.string().nullable(),
  machine: z.string(),
  /** ISO 8601, UTC. */
  date: z.string(),
})
export type Result = z.infer<typeof result>

/** To more digits nobody can measure. */
const rounded = (value: number): number => Number(value.toPrecision(4))

function machine(): string {
  const [first, ...others] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${others.length + 1} × ${first?.model.trim()}, ${memory} GB, Linux ${release()}, Node ${process.version}`
}

export function resultOf(bench: string, figure: Figure, date: string): Result {
  const ratio = ratioOf(figure)
  return {
    bench,
    name: figure.name,
    value: rounded(figure.value),
    unit: figure.unit,
    peer: figure.peer?.name ?? null,
    peerValue: figure.peer ? rounded(figure.peer.value) : null,
    ratio: ratio === undefined ? null : rounded(ratio),
    gate: figure.gate ? gateText(figure.gate) : null,
    met: isMet(figure) ?? null,
    note: figure.doubt ?? null,
    machine: machine(),
    date,
  }
}

/** Adds to what is there and writes the report anew. @param benches in the order of the report */
export function saveResults(fresh: readonly Result[], benches: readonly string[]): void {
  const all = merged(readResults(), fresh, benches)
  mkdirSync(folder, { recursive: true })
  replaceFile(resultsFile, `${JSON.stringify(all, null, 2)}\n`)
  replaceFile(reportFile, report(all))
}

/** What was measured anew takes the place of what has its name; the rest stays, with its own date. */
export function merged(
  before: readonly Result[],
  fresh: readonly Result[],
  benches: readonly string[],
): readonly Result[] {
  const key = ({ bench, name }: Result) => `${bench}\n${name}`
  const isNew = new Set(fresh.map(key))
  const order = new Map(benches.map((bench, place) => [bench, place]))
  const place = ({ bench }: Result) => order.get(bench) ?? benches.length
  return [...before.filter((one) => !isNew.has(key(one))), ...fresh].sort((a, b) => place(a) - place(b))
}

function readResults(): readonly Result[] {
  return existsSync(resultsFile) ? z.array(result).parse(JSON.parse(readFileSync(resultsFile, 'utf8'))) : []
}

function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

// ---------------------------------------------------------------- tables

const headings = ['figure', 'value', 'compared to', 'ratio', 'gate', 'met', 'note'] as const

const verdict = (met: boolean | null): string => (met === null ? '' : met ? 'yes' : 'NO')
const number = (value: number): string => value.toLocaleString('en-US', { maximumSignificantDigits: 4 })

/** One line of a table, in the order of `headings`. */
function cells({ name, value, unit, peer, peerValue, ratio, gate, met, note }: Result): readonly string[] {
  const compared = peer === null ? '' : `${peer}: ${number(peerValue ?? 0)}`
  const judged = [ratio === null ? '' : ratio.toFixed(2), gate ?? '', verdict(met), note ?? '']
  return [name, `${number(value)} ${unit}`, compared, ...judged]
}

/** For a terminal. */
export function textTable(results: readonly Result[]): string {
  const rows = [headings, ...results.map(cells)]
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const line = (row: readonly string[]): string => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

function section(bench: string, results: readonly Result[]): string {
  const measured = [...new Set(results.map(({ date, machine: where }) => `${date.slice(0, 10)}, ${where}`))]
  const table = [line(headings), line(headings.map(() => '---')), ...results.map((one) => line(cells(one)))]
  return [`## ${bench}`, `Measured ${measured.join('; ')}.`, table.join('\n')].join('\n\n')
}

function gatesLine(results: readonly Result[]): string {
  const gated = results.filter(({ gate }) => gate !== null)
  const named = (met: boolean | null, what: string): string => {
    const ones = gated.filter((one) => one.met === met).map(({ bench, name }) => `${bench}: ${name}`)
    return ones.length === 0 ? '' : `; ${what}: ${ones.join(', ')}`
  }
  const met = gated.filter((one) => one.met === true).length
  return `Gates: ${met} of ${gated.length} met${named(false, 'missed')}${named(null, 'not judged')}.`
}

export function report(results: readonly Result[]): string {
  return [
    '# Results',
    'Written by `npm run bench` from results.json: run it, do not edit this. Machines differ, so read the ratios: both',
    'sides of each were measured in the same run. For dataplane a value is that of the best round and a ratio the median of',
    'the rounds; the twin is the plain proxy once more: what is no farther from 1 than its ratio was not told apart.',
    '',
    gatesLine(results),
    ...Map.groupBy(results, ({ bench }) => bench)
      .entries()
      .map(([bench, ones]) => `\n${section(bench, ones)}`),
    '',
  ].join('\n')
}
