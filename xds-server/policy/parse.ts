/**
 * Reading what others wrote (YAML, JSON, requests) into the model: every problem with its path, in one go; unknown fields
 * refused with a "did you mean"; everything bounded. What the parsers of this folder accept is what is understood: the
 * API, imports and the controller all read through them. Never throws, never guesses.
 */
import type { Parsed, Problem } from './model.ts'

/** Reads a value, or reports at least one problem and returns undefined. */
export type Reader<T> = (input: unknown, path: string, problems: Problem[]) => T | undefined

/** @param path of the input in the document it came from, for the problems; empty for a whole document */
export function parseWith<T>(reader: Reader<T>, input: unknown, path = ''): Parsed<T> {
  const problems: Problem[] = []
  const value = reader(input, path, problems)
  return problems.length === 0 ? { ok: true, value: value as T } : { ok: false, problems }
}

export const at = (path: string, field: string): string => (path === '' ? field : `${path}.${field}`)

const nothing = (input: unknown): input is null | undefined => input === undefined || input === null

/** What a value is, for a message. */
function kindOf(input: unknown): string {
  if (nothing(input)) return 'nothing'
  return Array.isArray(input) ? 'a list' : typeof input === 'object' ? 'an object' : `a ${typeof input}`
}

/** Characters of a text without a narrower bound of its own. */
export const maxText = 1_000

/** A text that `check` judges: it returns the text to keep, or says in words what is wrong with it. */
export function text<T extends string = string>(
  check: (text: string) => { readonly value: T } | { readonly wrong: string },
  max = maxText,
): Reader<T> {
  return (input, path, problems) => {
    const wrong = (message: string) => void problems.push({ path, message })
    if (typeof input !== 'string') return wrong(`must be a text, not ${kindOf(input)}`)
    if (input.length > max) return wrong(`is longer than ${max} characters`)
    const judged = check(input)
    return 'wrong' in judged ? wrong(judged.wrong) : judged.value
  }
}

export const anyText = (max?: number): Reader<string> => text((value) => ({ value }), max)

export const flag: Reader<boolean> = (input, path, problems) => {
  if (typeof input === 'boolean') return input
  problems.push({ path, message: `must be true or false, not ${kindOf(input)}` })
  return undefined
}

export const integer =
  (min: number, max: number): Reader<number> =>
  (input, path, problems) => {
    if (typeof input === 'number' && Number.isInteger(input) && input >= min && input <= max) return input
    problems.push({ path, message: `must be a whole number from ${min} to ${max}` })
    return undefined
  }

export function oneOf<T extends string>(values: readonly T[]): Reader<T> {
  return text((value) => {
    const found = values.find((v) => v === value)
    return found === undefined
      ? { wrong: `must be ${values.join(', ')}${didYouMean(value, values)}` }
      : { value: found }
  })
}

export function list<T>(item: Reader<T>, max: number): Reader<readonly T[]> {
  return (input, path, problems) => {
    if (!Array.isArray(input)) return void problems.push({ path, message: `must be a list, not ${kindOf(input)}` })
    if (input.length > max) return void problems.push({ path, message: `has more than ${max} items` })
    const before = problems.length
    const items = input.map((one, i) => item(one, `${path}[${i}]`, problems))
    return problems.length > before ? undefined : (items as T[])
  }
}

/** A list that says something. */
export function some<T>(read: Reader<readonly T[]>): Reader<readonly T[]> {
  return (input, path, problems) => {
    const items = read(input, path, problems)
    if (items?.length !== 0) return items
    return void problems.push({ path, message: 'is empty' })
  }
}

/** A list in which each key stands once; `field` is where an item says its key. */
export function uniqueBy<T>(read: Reader<readonly T[]>, key: (item: T) => string, field: string): Reader<readonly T[]> {
  return (input, path, problems) => {
    const items = read(input, path, problems)
    if (items === undefined) return undefined
    const first = new Map<string, number>()
    const wrong = items.flatMap((item, i): readonly Problem[] => {
      const earlier = first.get(key(item))
      first.set(key(item), earlier ?? i)
      const message = `\`${key(item)}\` is ${path}[${earlier}], too`
      return earlier === undefined ? [] : [{ path: `${path}[${i}].${field}`, message }]
    })
    problems.push(...wrong)
    return wrong.length > 0 ? undefined : items
  }
}

/** An object with any keys, each judged by `key`. */
export function record<T>(key: Reader<string>, item: Reader<T>, max: number): Reader<Readonly<Record<string, T>>> {
  return (input, path, problems) => {
    const entries = objectEntries(input, path, problems)
    if (entries === undefined) return undefined
    if (entries.length > max) return void problems.push({ path, message: `has more than ${max} entries` })
    const read = entries.map(([k, v]) => [key(k, at(path, k), problems), item(v, at(path, k), problems)])
    return Object.fromEntries(read)
  }
}

function objectEntries(input: unknown, path: string, problems: Problem[]): [string, unknown][] | undefined {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return Object.entries(input)
  problems.push({ path, message: `must be an object, not ${kindOf(input)}` })
  return undefined
}

/** A member of an object: `required`, with a default, or left out when it is not there. Null counts as not there. */
export type Field<T> = { readonly read: Reader<T>; readonly absent: { readonly value: T } | 'problem' | 'omit' }

export const required = <T>(read: Reader<T>): Field<T> => ({ read, absent: 'problem' })
export const optional = <T>(read: Reader<T>, value: T): Field<T> => ({ read, absent: { value } })
export const omissible = <T>(read: Reader<T>): Field<T> => ({ read, absent: 'omit' })

type Fields<T> = { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> }

/** An object with exactly these members. */
export function struct<T extends object>(fields: Fields<T>): Reader<T> {
  const known = Object.keys(fields)
  return (input, path, problems) => {
    const entries = objectEntries(input, path, problems)
    if (entries === undefined) return undefined
    const before = problems.length
    for (const [key] of entries) {
      if (!known.includes(key)) problems.push({ path: at(path, key), message: unknownField(key, known) })
    }
    const given = new Map(entries)
    const members = known.flatMap((key) => {
      const member = readField(fields[key as keyof T], given.get(key), at(path, key), problems)
      return member === undefined ? [] : [[key, member] as const]
    })
    return problems.length > before ? undefined : (Object.fromEntries(members) as T)
  }
}

function readField<T>(field: Field<T>, input: unknown, path: string, problems: Problem[]): T | undefined {
  if (!nothing(input)) return field.read(input, path, problems)
  if (field.absent === 'problem') problems.push({ path, message: 'is missing' })
  return typeof field.absent === 'object' ? field.absent.value : undefined
}

const unknownField = (key: string, known: readonly string[]): string =>
  `is not a field here${didYouMean(key, known) || ` (fields: ${known.join(', ')})`}`

/** Insertions, deletions, replacements and swaps of neighbours from `a` to `b`. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : replaced
      row.push(Math.min(replaced, swapped, row[j - 1]! + 1, rows[i - 1]![j]! + 1))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

/** Longer texts are not typing errors of any name of ours. */
const maxGuessed = 64
/** Slips of the fingers that a guess forgives. */
const maxApart = 2

/** Different names that are guessed at in one list: whoever has more wrong corrects these and looks again. */
const maxGuesses = 100

/** `didYouMean` for lists of which many entries may be wrong: a guess at among thousands of names costs a millisecond. */
export function guesses(known: readonly string[]): (wrote: string) => string {
  const made = new Map<string, string>()
  return (wrote) => {
    if (made.size < maxGuesses && !made.has(wrote)) made.set(wrote, didYouMean(wrote, known))
    return made.get(wrote) ?? ''
  }
}

/** `; did you mean …?` with the nearest known name, or nothing. */
export function didYouMean(wrote: string, known: readonly string[]): string {
  if (wrote.length > maxGuessed) return ''
  const near = known
    .filter((name) => Math.abs(name.length - wrote.length) <= maxApart)
    .map((name) => ({ name, apart: distance(wrote.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, apart }) => apart <= Math.min(maxApart, name.length / 2))
    .sort((a, b) => a.apart - b.apart)[0]
  return near === undefined ? '' : `; did you mean \`${near.name}\`?`
}
