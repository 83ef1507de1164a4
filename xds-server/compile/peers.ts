/**
 * Who is at the other end, as far as the rules of a listener can tell: the address space split into peers, each with
 * the rules that can match it. The only place that knows peers by their addresses.
 */
import type { Directory } from '../policy/directory.ts'
import type { Prefix } from '../policy/endpoints.ts'
import type { Endpoint, Rule } from '../policy/model.ts'
import { managedTag, unmanagedTag } from './blocks.ts'
import type { Message } from './model.ts'
import { passPeer, peerName } from './names.ts'
import type { Partition } from './partition.ts'
import { partition } from './partition.ts'
import type { Scope } from './scope.ts'
import type { Line } from './table.ts'
import { isUnconditional, rowsOf } from './table.ts'

export type Peer = {
  /** As chains and tables are called after it; `passPeer` is not judged here. */
  readonly name: string
  readonly ranges: readonly Message[]
  readonly cidrs: readonly string[]
  readonly lines: readonly Line[]
  /** Protect: what the policy says is done, too. */
  readonly enforced: boolean
}

/** What a peer's key says. The same groups (and mode, and names) are the same peer. */
type Identity = {
  readonly groups: readonly string[]
  /** Groups it is in if the connection asks for one of these names. */
  readonly named: ReadonlyMap<string, readonly string[]>
  readonly extra: readonly string[]
}

const nobody: Identity = { groups: [], named: new Map(), extra: [] }

function partsOf({ groups, named, extra }: Identity): readonly string[] {
  return [...groups, ...[...named].map(([group, names]) => `${group}(${names.join(',')})`), ...extra]
}

export function endpointOf(prefix: Prefix): Endpoint {
  const { kind, workload, groups } = prefix
  const ip = prefix.cidr.slice(0, prefix.cidr.indexOf('/'))
  return kind === 'workload' ? { kind, ip, workload: workload!, groups } : { kind, ip, groups }
}

/** The groups that rules name at the far end, sorted; `any` tells nobody apart. Nothing counts behind a rule for all. */
function farGroups(rules: readonly Rule[], far: 'from' | 'to'): readonly string[] {
  return [...new Set(rules.map((rule) => rule[far]))].filter((group) => group !== 'any').sort()
}

/** Rules for one listener, up to the first that matches every peer and connection. */
export function upToCatchAll(rules: readonly Rule[], far: 'from' | 'to'): readonly Rule[] {
  const end = rules.findIndex((rule) => {
    const row = rule[far] === 'any' ? rowsOf([{ rule }], 'tcp')[0] : undefined
    return row !== undefined && rule.http.length === 0 && isUnconditional(row)
  })
  return end < 0 ? rules : rules.slice(0, end + 1)
}

function linesFor(rules: readonly Rule[], far: 'from' | 'to', { groups, named }: Identity): readonly Line[] {
  return rules.flatMap((rule): readonly Line[] => {
    if (rule[far] === 'any' || groups.includes(rule[far])) return [{ rule }]
    const names = named.get(rule[far])
    return names === undefined ? [] : [{ rule, names }]
  })
}

type Split = {
  readonly far: 'from' | 'to'
  readonly rules: readonly Rule[]
  readonly seeds: readonly string[]
  identify(prefix: Prefix): Identity | typeof passPeer
  enforced(prefix: Prefix): boolean
}

/** Replicas share one list of groups, so identities are found once per list. */
function keyed(split: Split) {
  const identities = new Map<string, Identity | typeof passPeer>()
  const byGroups = new Map<readonly string[], string>()
  const make = (prefix: Prefix): string => {
    const identity = split.identify(prefix)
    const key = identity === passPeer ? passPeer : partsOf(identity).join('+')
    identities.set(key, identity)
    return key
  }
  return {
    identities,
    keyOf(prefix: Prefix): string {
      if (prefix.named.length > 0) return make(prefix)
      const known = byGroups.get(prefix.groups)
      if (known !== undefined) return known
      const key = make(prefix)
      byGroups.set(prefix.groups, key)
      return key
    },
  }
}

function toPeers(split: Split, { parts }: Partition, identities: ReadonlyMap<string, Identity | typeof passPeer>) {
  return parts.map(({ key, sample, ranges, cidrs }): Peer => {
    const identity = identities.get(key)!
    if (identity === passPeer) return { name: passPeer, ranges, cidrs, lines: [], enforced: false }
    const lines = linesFor(split.rules, split.far, identity)
    return { name: peerName(partsOf(identity)), ranges, cidrs, lines, enforced: split.enforced(sample) }
  })
}

/** Past the sidecar's bound nobody is told apart: only rules for `any` hold, and in Protect that denies the rest. */
function undivided(scope: Scope, split: Split, needed: number): readonly Peer[] {
  scope.report(`needs ${needed} addresses, more than a sidecar may have: only rules for \`any\` hold there`)
  const whole = partition(scope.blocks, [], () => '')
  return toPeers(split, whole, new Map([['', nobody]]))
}

function splitUp(scope: Scope, split: Split): readonly Peer[] {
  const { keyOf, identities } = keyed(split)
  const found = partition(scope.blocks, split.seeds, keyOf)
  if (!scope.spend(found.addresses)) return undivided(scope, split, found.addresses)
  return toPeers(split, found, identities)
}

/** The source's own mode matters to who is allowed what only where it can change the effective mode. */
function ownMode(directory: Directory, prefix: Prefix): readonly string[] {
  const { modeResolution } = directory.world.policy.settings
  if (modeResolution === 'destination' || !prefix.workload?.managed) return []
  return [`@${directory.modeOf(prefix.groups[0]!).mode}`]
}

const groupsAmong = (groups: readonly string[], prefix: Prefix): readonly string[] =>
  groups.filter((group) => prefix.groups.includes(group))

/** Sources of connections to this class, for rules about one of its ports (or all it has none of). */
export function sources(scope: Scope, rules: readonly Rule[]): readonly Peer[] {
  const { directory, self } = scope
  const groups = farGroups(rules, 'from')
  const modes = directory.world.policy.settings.modeResolution !== 'destination'
  return splitUp(scope, {
    far: 'from',
    rules,
    seeds: modes ? [...groups, managedTag] : groups,
    identify: (prefix) => ({
      groups: groupsAmong(groups, prefix),
      named: new Map(),
      extra: ownMode(directory, prefix),
    }),
    enforced: (prefix) => directory.effectiveMode(endpointOf(prefix), self).mode === 'protect',
  })
}

/**
 * Destinations of this class's connections. What a sidecar at the other end decides passes; so does an address of the
 * pod network that is not known (yet): it may be a new pod with a sidecar, and to list all pods in all sidecars, and
 * change them all for every new pod, would be the price of telling. Unless a rule names `unknown`.
 */
export function destinations(scope: Scope, rules: readonly Rule[]): readonly Peer[] {
  const { directory, self } = scope
  const groups = farGroups(rules, 'to')
  const judgesUnknown = groups.includes('unknown')
  return splitUp(scope, {
    far: 'to',
    rules,
    seeds: [...groups, unmanagedTag],
    identify(prefix) {
      if (prefix.workload?.managed || (prefix.kind === 'unknown' && !judgesUnknown)) return passPeer
      const named = groups.filter((group) => prefix.named.includes(group) && !prefix.groups.includes(group))
      return {
        groups: groupsAmong(groups, prefix),
        named: new Map(named.map((group) => [group, scope.namesAt(group, prefix)])),
        extra: [],
      }
    },
    enforced: (prefix) => directory.effectiveMode(self, endpointOf(prefix)).mode === 'protect',
  })
}
