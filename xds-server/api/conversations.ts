/** Questions about conversations: filter, order, and the graph of groups they make. Pure. */
import type { Conversation, ObservedVerdict } from '../observe/model.ts'

/** All given parts must fit. */
export type ConversationFilter = {
  readonly source?: string | undefined
  readonly destination?: string | undefined
  readonly group?: string | undefined
  readonly application?: string | undefined
  readonly port?: number | undefined
  readonly verdict?: ObservedVerdict | undefined
  readonly rule?: string | undefined
  readonly since?: number | undefined
}

export function matching(all: readonly Conversation[], filter: ConversationFilter): readonly Conversation[] {
  const { group, since, source, destination, application, port, verdict, rule } = filter
  const exact = Object.entries({ source, destination, application, port, verdict, rule }).filter(
    (part): part is [keyof Conversation, string | number] => part[1] !== undefined,
  )
  return all.filter(
    (c) =>
      exact.every(([name, value]) => c[name] === value) &&
      (group === undefined || c.source === group || c.destination === group) &&
      (since === undefined || c.lastSeen >= since),
  )
}

/** Busiest first; equal ones by their names, so that pages do not overlap. */
export function busiestFirst(conversations: readonly Conversation[]): readonly Conversation[] {
  return [...conversations].sort((a, b) => b.connections - a.connections || compare(nameOf(a), nameOf(b)))
}

const nameOf = (c: Conversation): string =>
  [c.source, c.destination, c.protocol, c.port, c.application, c.verdict, c.rule].join('|')
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export type Edge = {
  readonly source: string
  readonly destination: string
  readonly verdicts: Readonly<Record<ObservedVerdict, number>>
  readonly entries: readonly string[]
  readonly connections: number
  readonly requests: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly lastSeen: number
}

/** One edge for each pair of groups, sorted by name. */
export function edgesOf(conversations: readonly Conversation[]): readonly Edge[] {
  const pairs = Map.groupBy(conversations, (c) => `${c.source}|${c.destination}`)
  return [...pairs].sort(([a], [b]) => compare(a, b)).map(([, together]) => edge(together))
}

function edge(together: readonly Conversation[]): Edge {
  const sum = (value: (c: Conversation) => number): number => together.reduce((total, c) => total + value(c), 0)
  const of = (verdict: ObservedVerdict): number => sum((c) => (c.verdict === verdict ? c.connections : 0))
  return {
    source: together[0]!.source,
    destination: together[0]!.destination,
    verdicts: { allow: of('allow'), violation: of('violation'), deny: of('deny') },
    entries: [...new Set(together.map(entryOf))].sort(),
    connections: sum((c) => c.connections),
    requests: sum((c) => c.requests),
    bytesReceived: sum((c) => c.bytesReceived),
    bytesSent: sum((c) => c.bytesSent),
    lastSeen: together.reduce((latest, c) => Math.max(latest, c.lastSeen), 0),
  }
}

const entryOf = (c: Conversation): string =>
  c.protocol === 'tcp' ? `${c.application}/${c.port}` : `${c.application}/udp/${c.port}`
