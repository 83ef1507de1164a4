/**
 * Traffic → rules. One learned rule for each (source group, destination group, application), with its ports, at the end
 * of the list, where it can not take precedence over anything a person wrote.
 *
 * The caller hands over flows whose `decide()` says consequence `learn` (no rule matched, Discover). Here is made sure
 * of the rest: what any enabled rule already decides is not learned, nor what people said to ignore, nor UDP, nor
 * connections that never said a word, nor ends that are nobody. Traffic of no known application is learned as
 * application `unknown`: the narrowest rule that lets it go on, which a protocol we do know does not pass later.
 * Pure: same rules and observations, same answer, in whatever order they are given. Learning twice changes nothing.
 */
import { continuations } from './continuations.ts'
import type { Directory } from './directory.ts'
import type { Evidence } from './evidence.ts'
import { namespaceOf } from './group.ts'
import type { Draft } from './learned-rules.ts'
import { addRule, draftOf, keyOf, withPort } from './learned-rules.ts'
import type { Endpoint, IgnoredFlow, Rule } from './model.ts'
import { reservedGroups } from './model.ts'
import { maxRules } from './parse-rule.ts'
import { matchesPorts } from './rule.ts'

/** Connections of one kind that no rule matched. */
export type Observation = Evidence & {
  /** Group names as `groupFor` gives them. */
  readonly source: string
  readonly destination: string
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
  /** Undefined: the connection ended before it sent a byte. */
  readonly application: string | undefined
}

/** The name an end is learned by: its learned group, the narrowest address group, or what it is. */
export function groupFor(endpoint: Endpoint): string {
  return endpoint.groups[0]!
}

/** Why an observation did not become part of a rule. */
type Skipped =
  | 'udp' // the proxy does not see it, so it could not be enforced either
  | 'silent' // a probe or a scan: no right should come of it
  | 'nobody' // an address without a workload: whoever gets it next must not inherit
  | 'ignored'
  | 'decided' // an enabled rule allows or denies it already
  | 'disabled' // its learned rule was switched off by hand
  | 'full' // the list has `maxRules` rules

export type LearnedChange = {
  readonly observation: Observation
  readonly rule: string
  /** `any`: its ports are more than `maxLearnedPorts` now. */
  readonly change: 'new' | 'port' | 'any' | 'known'
}
export type Learned = {
  /** The same list where nothing changed. */
  readonly rules: readonly Rule[]
  readonly changes: readonly LearnedChange[]
  readonly skipped: readonly { readonly observation: Observation; readonly because: Skipped }[]
}

export type LearnContext = {
  readonly directory: Directory
  /** ISO 8601, UTC. */
  readonly now: string
}

type Spoken = Observation & { readonly application: string }

const hasSpoken = (o: Observation): o is Spoken => o.application !== undefined

/** Groups that everyone who is called this is in. A DNS server need not be a workload, even where some are. */
function commonGroups(name: string, directory: Directory): readonly string[] {
  const isReserved = reservedGroups.some((r) => r === name)
  const [first, ...others] = isReserved ? [] : directory.members(name).map((w) => directory.groupsOf(w))
  if (first !== undefined) return first.filter((group) => others.every((groups) => groups.includes(group)))
  const isPlace = !isReserved && namespaceOf(name) === undefined
  return [...new Set([name, ...(isPlace ? ['external'] : []), 'any'])]
}

/** Can none of these connections come to the default? */
function isDecided({ source, destination, port, protocol, application }: Spoken, directory: Directory): boolean {
  const between = directory.rules.between(commonGroups(source, directory), commonGroups(destination, directory))
  const rules = between.filter((r) => !r.disabled && matchesPorts(r.ports, port, protocol))
  const known = { application, http: undefined, named: [], byName: [] }
  return continuations(rules, known).every(({ last }) => last !== undefined)
}

const isNobody = (group: string): boolean => group === 'unknown' || group === 'any'

function isIgnored({ source, destination, application }: Spoken, ignored: readonly IgnoredFlow[]): boolean {
  return ignored.some((i) => i.from === source && i.to === destination && i.application === application)
}

function objection(observation: Observation, directory: Directory): Skipped | undefined {
  if (observation.protocol === 'udp') return 'udp'
  if (!hasSpoken(observation)) return 'silent'
  if (isNobody(observation.source) || isNobody(observation.destination)) return 'nobody'
  if (isIgnored(observation, directory.world.policy.ignored)) return 'ignored'
  return isDecided(observation, directory) ? 'decided' : undefined
}

function changeOf(before: Rule, after: Rule): LearnedChange['change'] {
  if (before === after) return 'known'
  return after.ports.length === 0 ? 'any' : 'port'
}

function learnOne(draft: Draft, observation: Spoken): LearnedChange | Skipped {
  const place = draft.places.get(keyOf(observation))
  if (place === undefined) {
    if (draft.rules.length >= maxRules) return 'full'
    return { observation, rule: addRule(draft, observation), change: 'new' }
  }
  const before = draft.rules[place]!
  if (before.disabled) return 'disabled'
  const after = withPort(before, observation.port, draft.now)
  draft.rules[place] = after
  return { observation, rule: after.id, change: changeOf(before, after) }
}

function inOrder(a: Observation, b: Observation): number {
  const [x, y] = [a, b].map((o) => keyOf({ ...o, application: o.application ?? '' }))
  return x! < y! ? -1 : x! > y! ? 1 : a.port - b.port
}

export function learn(observations: readonly Observation[], { directory, now }: LearnContext): Learned {
  const { rules } = directory.world.policy
  const draft = draftOf(rules, now)
  const changes: LearnedChange[] = []
  const skipped: { observation: Observation; because: Skipped }[] = []
  for (const observation of [...observations].sort(inOrder)) {
    const result = objection(observation, directory) ?? learnOne(draft, observation as Spoken)
    if (typeof result === 'string') skipped.push({ observation, because: result })
    else changes.push(result)
  }
  const changed = changes.some(({ change }) => change !== 'known')
  return { rules: changed ? draft.rules : rules, changes, skipped }
}
