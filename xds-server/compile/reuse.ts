/** What resources are made from, so that what nothing touched is not made again. */
import type { EffectiveMode, Rule } from '../policy/model.ts'
import type { Inspecting } from './inspect-filter.ts'
import type { Peer } from './peers.ts'
import type { Given, Scope, WorkloadClass } from './scope.ts'
import type { Line } from './table.ts'

export type Footprint = {
  /** Compared by identity. */
  readonly things: readonly unknown[]
  readonly rules: readonly Rule[]
}

const meanings = new WeakMap<Rule, string>()

/** What a rule does, without who wrote it when. */
function meaningOf(rule: Rule): string {
  const known = meanings.get(rule)
  if (known !== undefined) return known
  const { id, from, to, applications, ports, http, action } = rule
  const meaning = JSON.stringify([id, from, to, applications, ports, http, action])
  meanings.set(rule, meaning)
  return meaning
}

const sameRule = (a: Rule, b: Rule): boolean => a === b || meaningOf(a) === meaningOf(b)

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((text, i) => text === b[i]))

const sameLine = (a: Line, b: Line): boolean => sameRule(a.rule, b.rule) && sameTexts(a.names ?? [], b.names ?? [])

/** A profile's id is made of all it means. */
const sameInspecting = (a: Inspecting, b: Inspecting): boolean =>
  a === b || (a.kind !== 'nothing' && b.kind !== 'nothing' && a.kind === b.kind && a.profile.id === b.profile.id)

function samePeer(a: Peer, b: Peer): boolean {
  return (
    a.name === b.name &&
    a.enforced === b.enforced &&
    sameInspecting(a.inspecting, b.inspecting) &&
    a.lines.length === b.lines.length &&
    a.lines.every((line, i) => sameLine(line, b.lines[i]!)) &&
    sameTexts(a.cidrs, b.cidrs)
  )
}

export function samePeers(a: readonly Peer[], b: readonly Peer[]): boolean {
  return a.length === b.length && a.every((peer, i) => samePeer(peer, b[i]!))
}

const sortedByLearned = new WeakMap<ReadonlyMap<string, number>, ReadonlyMap<string, string>>()

/** The cuts of each learned group as one text. */
function cutsByLearned(cuts: ReadonlyMap<string, number>): ReadonlyMap<string, string> {
  const known = sortedByLearned.get(cuts)
  if (known !== undefined) return known
  const texts = new Map<string, string>()
  for (const [key, count] of [...cuts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const learned = key.slice(0, key.indexOf('/'))
    texts.set(learned, `${texts.get(learned) ?? ''}${key}=${count}\n`)
  }
  sortedByLearned.set(cuts, texts)
  return texts
}

/** The cuts that any chain of the class may have had. */
export function cutsText({ learned, options }: Pick<Scope, 'learned' | 'options'>): string {
  return cutsByLearned(options.cuts).get(learned) ?? ''
}

/** With `destination` only the own mode counts; otherwise that of anybody who may connect. */
function modesThatCount({ learned }: WorkloadClass, { directory }: Given): readonly unknown[] {
  const { settings, groups } = directory.world.policy
  const own: EffectiveMode['mode'] = directory.modeOf(learned).mode
  if (settings.modeResolution === 'destination') return [own]
  return [
    own,
    settings.modeResolution,
    settings.mode,
    settings.newGroupMode,
    groups,
    directory.world.inventory.namespaces,
  ]
}

export function footprintOf(workloads: WorkloadClass, given: Given): Footprint {
  const { settings } = given.directory.world.policy
  const { options, blocks, sensing, inboundRules, outboundRules } = given
  return {
    things: [
      blocks,
      workloads.groups.join('\n'),
      inboundRules.length,
      settings.pins,
      settings.revealRule,
      options.sniffer,
      options.ipv6,
      cutsText({ ...workloads, options }),
      sensing.meaningFor(workloads.groups),
      ...modesThatCount(workloads, given),
    ],
    rules: [...inboundRules, ...outboundRules],
  }
}

export function sameFootprint(a: Footprint, b: Footprint): boolean {
  return (
    a.things.length === b.things.length &&
    a.rules.length === b.rules.length &&
    a.things.every((thing, i) => thing === b.things[i]) &&
    a.rules.every((rule, i) => sameRule(rule, b.rules[i]!))
  )
}
