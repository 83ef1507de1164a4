/** Rules for people: the list as a table with the default as its last row, one rule in full. */
import type { z } from 'zod'
import type { ListedRule, ruleRoutes } from '../xds-server/api/contract/rules.ts'
import type { Io } from './io.ts'
import { type Colour, type Column, clean, paint, table } from './output.ts'
import { ago } from './time.ts'

type Listing = z.output<typeof ruleRoutes.listRules.answer>
type Rule = ListedRule['rule']

/** A rule, or the default that stands under all of them. */
type Row = {
  readonly place: string
  readonly listed?: ListedRule
  readonly hits: number
  readonly lastHit: string | null
}

export function ruleList(io: Io, { rules, default: last, total }: Listing): string {
  const rows: readonly Row[] = [
    ...rules.map((listed) => ({
      place: String(listed.place + 1),
      listed,
      hits: listed.hits,
      lastHit: listed.lastHit,
    })),
    { place: '-', ...last },
  ]
  const more = total > rules.length ? `${total - rules.length} more rules are not shown.\n` : ''
  return table(io, columns(io.now()), rows, '') + more
}

const columns = (now: number): readonly Column<Row>[] => [
  { title: '#', text: (r) => r.place },
  { title: 'ID', text: (r) => r.listed?.rule.id ?? 'default' },
  { title: 'FROM', text: (r) => r.listed?.rule.from ?? 'any' },
  { title: 'TO', text: (r) => r.listed?.rule.to ?? 'any' },
  { title: 'APPLICATIONS', text: (r) => r.listed?.rule.applications?.join(',') || 'any' },
  { title: 'PORTS', text: (r) => r.listed?.rule.ports || 'any' },
  { title: 'HTTP', text: (r) => httpText(r.listed?.rule) },
  { title: 'ACTION', text: actionText, colour: actionColour },
  { title: 'ORIGIN', text: (r) => (r.listed === undefined ? '' : originText(r.listed.rule)) },
  { title: 'HITS', text: (r) => String(r.hits) },
  { title: 'LAST', text: (r) => (r.lastHit === null ? '-' : ago(Date.parse(r.lastHit), now)) },
  { title: 'STATUS', text: (r) => statusText(r.listed), colour: (r) => (r.listed?.status.length ? 'red' : undefined) },
  { title: 'COMMENT', text: (r) => r.listed?.rule.comment ?? '' },
]

const actionText = ({ listed }: Row): string => {
  if (listed === undefined) return 'by mode'
  return listed.rule.disabled ? `${listed.rule.action} (off)` : listed.rule.action
}

function actionColour({ listed }: Row): Colour | undefined {
  if (listed === undefined || listed.rule.disabled) return 'grey'
  return listed.rule.action === 'allow' ? 'green' : 'red'
}

/** A document without an origin is a user's. */
const originText = (rule: Rule): string => rule.origin ?? 'user'

const statusText = (listed: ListedRule | undefined): string =>
  listed === undefined || listed.status.length === 0 ? '' : `${listed.status[0]!.kind} (${listed.status.length})`

/** `GET,POST /api/* host=a or …`; empty where the rule is not about HTTP. */
function httpText(rule: Rule | undefined): string {
  return (rule?.http ?? []).map(alternativeText).join(' or ')
}

function alternativeText({ methods, paths, hosts, headers, grpc }: NonNullable<Rule['http']>[number]): string {
  const parts = [methods?.join(','), paths?.join(','), labelled('host', hosts), labelled('grpc', grpc)]
  return [...parts, labelled('header', headers?.map(headerText))].filter(Boolean).join(' ')
}

const labelled = (label: string, values: readonly string[] | undefined): string | undefined =>
  values === undefined || values.length === 0 ? undefined : `${label}=${values.join(',')}`

function headerText(header: { name: string; exact?: string; prefix?: string }): string {
  if (header.exact !== undefined) return `${header.name}=${header.exact}`
  return header.prefix === undefined ? header.name : `${header.name}^=${header.prefix}`
}

/** One rule, a line for each part that says something. */
export function ruleText(io: Io, { rule, place, hits, lastHit, status }: ListedRule): string {
  const lines: readonly (readonly [string, string])[] = [
    ['rule', `${rule.id} (number ${place + 1})`],
    ['comment', rule.comment ?? ''],
    ['from', rule.from],
    ['to', rule.to],
    ['applications', rule.applications?.join(', ') || 'any'],
    ['ports', rule.ports || 'any'],
    ['http', httpText(rule)],
    ['action', rule.disabled ? `${rule.action} (disabled)` : rule.action],
    ['origin', originText(rule)],
    ['hits', lastHit === null ? `${hits}` : `${hits}, last ${ago(Date.parse(lastHit), io.now())} ago`],
    ...status.map((s) => [s.kind, `${s.class}: ${s.message}`] as const),
  ]
  const shown = lines.filter(([, text]) => text !== '')
  return shown.map(([name, text]) => `${paint(io, 'bold', name.padEnd(13))} ${clean(text)}\n`).join('')
}
