/** Changes of a policy as lines: `+` added, `-` removed, `~` changed field by field, `>` moved. */
import type { Change } from '../xds-server/api/contract/problem.ts'
import type { Io } from './io.ts'
import { type Colour, clean, paint } from './output.ts'

type Kind = Change['kind']
const marks: Readonly<Record<Kind, { readonly mark: string; readonly colour: Colour }>> = {
  added: { mark: '+', colour: 'green' },
  removed: { mark: '-', colour: 'red' },
  changed: { mark: '~', colour: 'yellow' },
  moved: { mark: '>', colour: 'blue' },
}

const nouns: Readonly<Record<Change['document'], string>> = {
  groups: 'group',
  rules: 'rule',
  settings: '',
  ignored: 'ignored',
  wafSensors: 'WAF sensor',
  dlpSensors: 'DLP sensor',
  inspections: 'inspection of',
}

/** A line for each change and field; says so when there are none. */
export function changesText(io: Io, changes: readonly Change[]): string {
  if (changes.length === 0) return '  nothing\n'
  return changes.flatMap((c) => linesOf(c).map((text) => paintLine(io, c.kind, text))).join('')
}

const paintLine = (io: Io, kind: Kind, text: string): string =>
  `  ${paint(io, marks[kind].colour, `${marks[kind].mark} ${clean(text)}`)}\n`

function linesOf(change: Change): readonly string[] {
  const name = [nouns[change.document], change.id].filter((part) => part !== '').join(' ')
  switch (change.kind) {
    case 'added':
      return [`${name}${placeText(change.below)}: ${valueText(change.after)}`]
    case 'removed':
      return [`${name}: ${valueText(change.before)}`]
    case 'moved':
      return [`${name}${placeText(change.below)}`]
    case 'changed':
      return change.fields.map((f) => `${name} ${f.field}: ${valueText(f.before)} → ${valueText(f.after)}`)
  }
}

function placeText(below: string | null | undefined): string {
  if (below === undefined) return ''
  return below === null ? ' at the top' : ` below ${below}`
}

/** Characters of a value that are shown; a list of exact data has megabytes. */
const maxShown = 2_000

function valueText(value: unknown): string {
  const text = value === undefined ? 'none' : JSON.stringify(value)
  return text.length > maxShown ? `${text.slice(0, maxShown)}… (${text.length} characters)` : text
}
