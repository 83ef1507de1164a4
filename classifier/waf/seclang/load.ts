/** Files and directories → a rule set. The only part that reads files. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { apply } from './directives.ts'
import { type Draft, emptyDraft } from './draft.ts'
import { type Directive, directivesOf } from './lexer.ts'
import { link } from './link.ts'
import type { Parsed, RuleSet } from './model.ts'

export type Source = { readonly file: string; readonly text: string }
export type LoadOptions = {
  /** Leave out what is not understood, and list it. */
  readonly lenient?: boolean
  /** Read before the paths, after them: settings that a caller wants whatever the files say. */
  readonly before?: readonly Source[]
  readonly after?: readonly Source[]
}

/** How deep Include may go: a file that includes itself ends here. */
const maxIncludes = 16

/**
 * Each path is a `.conf` file or a directory: of `.conf` files, or a CRS one (`crs-setup.conf`, its `.example` where
 * that is missing, then `rules/*.conf`). Problems name file and line.
 */
export function loadRules(paths: readonly string[], options: LoadOptions = {}): Parsed<RuleSet> {
  const draft = emptyDraft()
  const source = ({ file, text }: Source) => read(draft, text, file, 0)
  for (const before of options.before ?? []) source(before)
  for (const path of paths) {
    const files = tried(draft, path, () => filesOf(path)) ?? []
    for (const file of files) readPath(draft, file, 0)
  }
  for (const after of options.after ?? []) source(after)
  if (draft.open) {
    const { file, line } = draft.open.links[0]!
    draft.problems.push({ file, line, message: 'the chain that begins here has no end' })
  }
  return finished(draft, options.lenient ?? false)
}

/** Places in phases count every rule: so a lenient load drops the refused rules from the draft and links again. */
function finished(draft: Draft, lenient: boolean): Parsed<RuleSet> {
  const value = link(draft)
  if (draft.problems.length === 0) return { ok: true, value, skipped: draft.skipped }
  if (!lenient) return { ok: false, problems: draft.problems }
  const linked = new Set(value.rules.map(({ file, line }) => `${file}:${line}`))
  const kept = draft.entries.filter(
    (entry) => entry.kind === 'marker' || linked.has(`${entry.links[0]!.file}:${entry.links[0]!.line}`),
  )
  const skipped = [...draft.problems]
  const again: Draft = { ...draft, entries: kept, problems: [] }
  return { ok: true, value: link(again), skipped }
}

function tried<T>(draft: Draft, file: string, work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    draft.problems.push({ file, line: 0, message: (error as Error).message })
    return undefined
  }
}

function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path]
  const names = readdirSync(path).sort()
  const setup = ['crs-setup.conf', 'crs-setup.conf.example'].find((name) => names.includes(name))
  const own = names.filter((name) => name.endsWith('.conf') && name !== 'crs-setup.conf')
  const rules = names.includes('rules') ? readdirSync(join(path, 'rules')).sort() : []
  const found = [
    ...(setup ? [setup] : []),
    ...own,
    ...rules.filter((name) => name.endsWith('.conf')).map((name) => join('rules', name)),
  ]
  if (found.length === 0) throw new Error('there is no .conf file in it')
  return found.map((name) => join(path, name))
}

function readPath(draft: Draft, file: string, depth: number): void {
  const text = tried(draft, file, () => readFileSync(file, 'latin1'))
  if (text !== undefined) read(draft, text, file, depth)
}

function read(draft: Draft, text: string, file: string, depth: number): void {
  const { directives, problems } = directivesOf(text, file)
  draft.problems.push(...problems)
  for (const directive of directives) {
    if (directive.name.toLowerCase() === 'include') include(draft, directive, depth)
    else apply(draft, directive)
  }
}

function include(draft: Draft, { arguments: [path = ''], file, line }: Directive, depth: number): void {
  const wanted = resolve(dirname(file), path)
  const files = tried(draft, wanted, () => globbed(wanted)) ?? []
  if (depth >= maxIncludes)
    draft.problems.push({ file, line, message: `more than ${maxIncludes} files include each other` })
  else for (const each of files) readPath(draft, each, depth + 1)
}

/** `*` in the last part of the path only. */
function globbed(path: string): readonly string[] {
  if (!path.includes('*')) return [path]
  const pattern = new RegExp(`^${basename(path).split('*').map(RegExp.escape).join('.*')}$`)
  return readdirSync(dirname(path))
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(dirname(path), name))
}
