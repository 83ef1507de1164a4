/** Learned rules: what they are called, and how one takes another port. `learn.ts` says for what. */
import { shortHash } from './hash.ts'
import type { PortRange, Rule } from './model.ts'
import { maxLearnedPorts } from './model.ts'
import { maxText } from './parse.ts'
import { normalisePorts } from './ports.ts'
import { matchesPorts } from './rule.ts'

/** What a learned rule is about. Its port may join others. */
export type Origin = {
  readonly source: string
  readonly destination: string
  readonly application: string
  readonly port: number
}

export const keyOf = ({ source, destination, application }: Omit<Origin, 'port'>): string =>
  JSON.stringify([source, destination, application])

/** The list while it is being learned into: places of learned rules by key, and the ids in use. */
export type Draft = {
  readonly rules: Rule[]
  readonly places: Map<string, number>
  readonly ids: Set<string>
  readonly now: string
}

/** A rule that means something else by now, whatever it came from, is not added to. */
const isPlain = (rule: Rule): boolean =>
  rule.origin === 'learned' && rule.applications.length === 1 && rule.http.length === 0 && rule.action === 'allow'

export function draftOf(rules: readonly Rule[], now: string): Draft {
  const learned = [...rules.entries()].filter(([, rule]) => isPlain(rule))
  const keyAndPlace = learned.map(([place, { from, to, applications }]) => {
    const key = keyOf({ source: from, destination: to, application: applications[0]! })
    return [key, place] as const
  })
  return { rules: [...rules], places: new Map(keyAndPlace), ids: new Set(rules.map((r) => r.id)), now }
}

/** The same for the same key, save where a person's rule has the id. */
function freeId(key: string, ids: ReadonlySet<string>): string {
  const id = `learned-${shortHash(key)}`
  if (!ids.has(id)) return id
  let n = 2
  while (ids.has(`${id}-${n}`)) n++
  return `${id}-${n}`
}

const single = (port: number): PortRange => ({ protocol: 'tcp', from: port, to: port })
const size = (ports: readonly PortRange[]): number => ports.reduce((sum, { from, to }) => sum + to - from + 1, 0)

/** At the end; returns its id. */
export function addRule(draft: Draft, origin: Origin): string {
  const { source, destination, application, port } = origin
  const key = keyOf(origin)
  const id = freeId(key, draft.ids)
  const times = { createdAt: draft.now, updatedAt: draft.now }
  const facts = { comment: '', http: [], action: 'allow', disabled: false, origin: 'learned' } as const
  const rule: Rule = {
    id,
    from: source,
    to: destination,
    applications: [application],
    ports: [single(port)],
    ...facts,
    ...times,
  }
  draft.ids.add(id)
  draft.places.set(key, draft.rules.push(rule) - 1)
  return id
}

const tooMany = `more than ${maxLearnedPorts} ports were seen, so it is any port`

function withRemark(comment: string): string {
  const both = comment === '' ? tooMany : `${comment}; ${tooMany}`
  return both.length > maxText ? comment : both
}

/** The rule with one port more; the very same rule if it has it. */
export function withPort(rule: Rule, port: number, now: string): Rule {
  if (matchesPorts(rule.ports, port, 'tcp')) return rule
  const ports = normalisePorts([...rule.ports, single(port)])
  if (size(ports) <= maxLearnedPorts) return { ...rule, ports, updatedAt: now }
  return { ...rule, ports: [], comment: withRemark(rule.comment), updatedAt: now }
}
