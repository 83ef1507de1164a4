/**
 * What changed between two versions of the documents, in words a person can check: for conflicts, previews and reviews.
 * Pure and without Node, so that the CLI and the browser run it too. Never judges whether a change is wise.
 */
import type { DocumentName, Documents } from './model.ts'

/** `group.mode` style path inside the entry; undefined on the side where it is absent. */
type FieldChange = { readonly field: string; readonly before: unknown; readonly after: unknown }
/** What is done to one entry: a rule by its id, a group by its name, an ignored flow by its ends, or the settings. */
export type Change = { readonly document: DocumentName; readonly id: string } & (
  | { readonly kind: 'removed'; readonly before: unknown }
  /** `below`: the entry it stands under, null at the top; only where order matters (rules). */
  | { readonly kind: 'added'; readonly after: unknown; readonly below?: string | null }
  | { readonly kind: 'changed'; readonly fields: readonly FieldChange[] }
  | { readonly kind: 'moved'; readonly below: string | null }
)

type Entries = ReadonlyMap<string, unknown>
type Shape<K extends DocumentName> = {
  readonly ordered: boolean
  /** Entries by what identifies them, in order. */
  readonly entries: (value: Documents[K]) => Entries
  /** Fields that say nothing of their own. */
  readonly quiet: readonly string[]
}

const shapes: { readonly [K in DocumentName]: Shape<K> } = {
  groups: { ordered: false, entries: (groups) => new Map(groups.map((g) => [g.name, g])), quiet: [] },
  rules: { ordered: true, entries: (rules) => new Map(rules.map((r) => [r.id, r])), quiet: ['updatedAt'] },
  settings: { ordered: false, entries: (settings) => new Map([['settings', settings]]), quiet: [] },
  ignored: { ordered: false, entries: (flows) => new Map(flows.map((f) => [ignoredId(f), f])), quiet: [] },
  wafSensors: { ordered: false, entries: (sensors) => new Map(sensors.map((s) => [s.name, s])), quiet: [] },
  dlpSensors: { ordered: false, entries: (sensors) => new Map(sensors.map((s) => [s.name, s])), quiet: [] },
  inspections: { ordered: false, entries: (list) => new Map(list.map((i) => [i.group, i])), quiet: [] },
}
const ignoredId = (flow: Documents['ignored'][number]): string => `${flow.from} → ${flow.to} ${flow.application}`

/** Removed, added, changed, then the fewest moves that make the rest of the order. Empty when nothing changed. */
export function diffDocument<K extends DocumentName>(
  document: K,
  before: Documents[K],
  after: Documents[K],
): readonly Change[] {
  const { ordered, entries, quiet } = shapes[document]
  const [old, now] = [entries(before), entries(after)]
  const below = ordered ? placesOf(now) : undefined
  return [
    ...[...old].filter(([id]) => !now.has(id)).map(([id, value]) => removed(document, id, value)),
    ...[...now].filter(([id]) => !old.has(id)).map(([id, value]) => added(document, id, value, below)),
    ...[...now].filter(([id]) => old.has(id)).flatMap(([id, v]) => changed(document, id, old.get(id), v, quiet)),
    ...(below === undefined ? [] : moves(document, old, now, below)),
  ]
}

const removed = (document: DocumentName, id: string, before: unknown): Change => ({
  document,
  id,
  kind: 'removed',
  before,
})

function added(document: DocumentName, id: string, after: unknown, below: Places | undefined): Change {
  return { document, id, kind: 'added', after, ...(below && { below: below.get(id)! }) }
}

function changed(
  document: DocumentName,
  id: string,
  before: unknown,
  after: unknown,
  quiet: readonly string[],
): Change[] {
  const fields = fieldChanges('', before, after).filter(({ field }) => !quiet.includes(field))
  return fields.length === 0 ? [] : [{ document, id, kind: 'changed', fields }]
}

/** Lists are compared whole: their entries have no names to tell them apart by. */
function fieldChanges(field: string, before: unknown, after: unknown): readonly FieldChange[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return keys.flatMap((key) => fieldChanges(field === '' ? key : `${field}.${key}`, before[key], after[key]))
  }
  return same(before, after) ? [] : [{ field, before, after }]
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Equality of JSON values; the order of an object's keys is none. */
function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]))
  if (!isObject(a) || !isObject(b)) return a === b
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return keys.every((key) => same(a[key], b[key]))
}

/** Entry → the one it stands under, null at the top. */
type Places = ReadonlyMap<string, string | null>
const placesOf = (entries: Entries): Places => {
  const ids = [...entries.keys()]
  return new Map(ids.map((id, place) => [id, ids[place - 1] ?? null]))
}

function moves(document: DocumentName, old: Entries, now: Entries, below: Places): readonly Change[] {
  const from = new Map([...old.keys()].map((id, place) => [id, place]))
  const common = [...now.keys()].filter((id) => from.has(id))
  const stayed = longestIncreasing(common.map((id) => from.get(id)!))
  return common
    .filter((id) => !stayed.has(from.get(id)!))
    .map((id) => ({ document, id, kind: 'moved', below: below.get(id)! }))
}

/** The most numbers that keep their order (patience sorting, O(n log n)): the others are the fewest that moved. */
function longestIncreasing(numbers: readonly number[]): ReadonlySet<number> {
  type Link = { readonly number: number; readonly previous: Link | undefined }
  const tails: Link[] = []
  for (const number of numbers) {
    const place = firstAtLeast(tails.length, (i) => tails[i]!.number >= number)
    tails[place] = { number, previous: tails[place - 1] }
  }
  const kept = new Set<number>()
  for (let link = tails.at(-1); link !== undefined; link = link.previous) kept.add(link.number)
  return kept
}

/** The first index below `length` for which `holds`, which stays true from there on; `length` when there is none. */
function firstAtLeast(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
