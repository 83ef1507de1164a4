/** Files and directories → a rule set. The only part that reads files. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { apply } from './directives.ts'
import { type Draft, emptyDraft, placeOf } from './draft.ts'
import { globbed, ruleFilesOf } from './files.ts'
import { type Directive, directivesOf } from './lexer.ts'
import { link } from './link.ts'
import type { Parsed, Problem, RuleSet } from './model.ts'

export type Source = { readonly file: string; readonly text: string }
export type LoadOptions = {
  /** Leave out what is not understood, and list it. */
  readonly lenient?: boolean
  /** Rules that are left out, and listed, where they are not understood; also when not lenient. */
  readonly dispensable?: ReadonlySet<number>
  /** Read before the paths, after them: settings that a caller wants whatever the files say. */
  readonly before?: readonly Source[]
  readonly after?: readonly Source[]
}

/** How deep Include may go: a file that includes itself ends here. */
const maxIncludes = 16

/**
 * Each path is a `.conf` file or a directory: of `.conf` files, or a CRS one (`files.ts`). A text may stand between them.
 * Problems name file and line.
 */
export function loadRules(paths: readonly (string | Source)[], options: LoadOptions = {}): Parsed<RuleSet> {
  const draft = emptyDraft()
  const source = ({ file, text }: Source) => read(draft, text, file, 0)
  for (const before of options.before ?? []) source(before)
  for (const path of paths) {
    if (typeof path !== 'string') source(path)
    else readAll(draft, path)
  }
  for (const after of options.after ?? []) source(after)
  if (draft.open) {
    const { file, line } = draft.open.links[0]!
    draft.problems.push({ file, line, message: 'the chain that begins here has no end' })
  }
  return finished(draft, options)
}

function readAll(draft: Draft, path: string): void {
  const files = tried(draft, path, () => ruleFilesOf(path))
  for (const file of files ? [...files.setup, ...files.rules] : []) readPath(draft, file, 0)
}

/** Places in phases count every rule: so what is left out is dropped from the draft, which is linked again. */
function finished(draft: Draft, { lenient = false, dispensable }: LoadOptions): Parsed<RuleSet> {
  const value = link(draft)
  if (draft.problems.length === 0) return { ok: true, value, skipped: draft.skipped }
  const isDispensable = (problem: Problem): boolean => dispensable?.has(ruleAt(draft, problem)) ?? false
  if (!lenient && !draft.problems.every(isDispensable)) return { ok: false, problems: draft.problems }
  const linked = new Set(value.rules.map(placeOf))
  const kept = draft.entries.filter((entry) => entry.kind === 'marker' || linked.has(placeOf(entry.links[0]!)))
  const again: Draft = { ...draft, entries: kept, problems: [] }
  return { ok: true, value: link(again), skipped: [...draft.problems] }
}

/** The id of the rule whose directive stands there, 0 where it has none. */
function ruleAt(draft: Draft, problem: Problem): number {
  const place = placeOf(problem)
  const refused = draft.refused.get(place)
  if (refused !== undefined) return refused
  const isThere = (entry: Draft['entries'][number]): boolean =>
    entry.kind === 'rule' && entry.links.some((each) => placeOf(each) === place)
  const rule = draft.entries.find(isThere)
  return rule?.kind === 'rule' ? rule.id : 0
}

function tried<T>(draft: Draft, file: string, work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    draft.problems.push({ file, line: 0, message: (error as Error).message })
    return undefined
  }
}

function readPath(draft: Draft, file: string, depth: number): void {
  const text = tried(draft, file, () => readFileSync(file, 'latin1'))
  if (text !== undefined) read(draft, text, file, depth)
}

function read(draft: Draft, text: string, file: string, depth: number): void {
  const { directives, problems } = directivesOf(text, file)
  draft.problems.push(...problems)
  for (const directive of directives) {
    const name = directive.name.toLowerCase()
    if (name === 'include' || name === 'includeoptional') include(draft, directive, depth)
    else apply(draft, directive)
  }
}

/** A file, or the folder of a pattern. */
const isThere = (path: string): boolean => existsSync(path.includes('*') ? dirname(path) : path)

function include(draft: Draft, { name, arguments: [path = ''], file, line }: Directive, depth: number): void {
  const wanted = resolve(dirname(file), path)
  if (name.toLowerCase() === 'includeoptional' && !isThere(wanted)) return
  const files = tried(draft, wanted, () => globbed(wanted)) ?? []
  if (depth >= maxIncludes)
    draft.problems.push({ file, line, message: `more than ${maxIncludes} files include each other` })
  else for (const each of files) readPath(draft, each, depth + 1)
}
