/**
 * The World made ready for questions: what an address is, which groups, which mode, which rules. Built whole on every
 * change and never altered; what stayed the same (by identity) is taken over from the directory before.
 * Promises: same World, same answers, whatever was asked before. Never reads a clock, a file or the network.
 */

import { canonicalAddress } from './address.ts'
import type { Endpoints, Prefix } from './endpoints.ts'
import { endpointsOf } from './endpoints.ts'
import { normaliseHost } from './fqdn.ts'
import { learnedGroup } from './group.ts'
import type { WorkloadGroups } from './membership.ts'
import { workloadGroups } from './membership.ts'
import type { Modes } from './mode.ts'
import { modesOf, resolveMode } from './mode.ts'
import type { AddressGroup, EffectiveMode, Endpoint, Verdict, Workload, World } from './model.ts'
import type { ResolvedName } from './resolved-names.ts'
import type { RuleIndex } from './rule.ts'
import { ruleIndex } from './rule.ts'

export type Directory = {
  readonly world: World
  readonly rules: RuleIndex
  /**
   * What an address is. With a server name, the address groups that have the name and the address, too, come first where it is external:
   * `groups[0]` is always the name that the map and the learner use.
   */
  endpoint(ip: string, serverName?: string): Endpoint
  /** Learned, custom (sorted), `containers` if managed, `dns` if a DNS server, `any`. */
  groupsOf(workload: Workload): readonly string[]
  /** Workloads in a group; none for `nodes`, `external`, `unknown` and address groups. */
  members(group: string): readonly Workload[]
  modeOf(learnedGroup: string): EffectiveMode
  effectiveMode(source: Endpoint, destination: Endpoint): EffectiveMode & { readonly decidedBy: Verdict['decidedBy'] }
  /** Every distinct block of addresses: an address is what its longest block says, as in Envoy's IP matcher. */
  prefixes(): readonly Prefix[]
  /** Address groups that the address could be in, once the connection says which server it wants. */
  namedGroups(ip: string): readonly string[]
  /** The names that an address group's host names and wildcards stand for, with their addresses. */
  namesOf(group: string): readonly ResolvedName[]
  /** For the next directory only. */
  readonly parts: Parts
}

type Parts = {
  readonly groups: WorkloadGroups
  readonly endpoints: Endpoints
  readonly modes: Modes
  readonly rules: RuleIndex
}

function membership({ inventory, policy }: World): Pick<Parts, 'groups' | 'endpoints'> {
  const dns = new Set(inventory.dnsServers.map((ip) => canonicalAddress(ip)))
  const groups = workloadGroups(inventory, policy.groups, (w) => w.ips.some((ip) => dns.has(ip)))
  const addressGroups = policy.groups.filter((g): g is AddressGroup => g.kind === 'address')
  return { groups, endpoints: endpointsOf(inventory, addressGroups, groups) }
}

function partsFor(world: World, before: Directory | undefined): Parts {
  const { inventory, policy } = world
  const was = before?.world
  const samePlaces = was?.inventory === inventory && was.policy.groups === policy.groups
  return {
    ...(before && samePlaces ? before.parts : membership(world)),
    modes: modesOf(policy.settings, policy.groups, inventory.namespaces),
    rules: before && was?.policy.rules === policy.rules ? before.parts.rules : ruleIndex(policy.rules),
  }
}

/**
 * Only a managed end has a mode, and only a sidecar of ours decides: the destination's where there is one. What leaves
 * for an `unknown` pod address nobody decides, unless a rule says something of `unknown`: the sidecar would have to hold
 * every pod's address to tell it from a pod whose own sidecar decides.
 */
function effectiveMode({ world, modes, rules }: Place, source: Endpoint, destination: Endpoint) {
  const modeAt = (end: Endpoint) =>
    end.kind === 'workload' && end.workload.managed ? modes(learnedGroup(end.workload)) : undefined
  const isPassing = () =>
    destination.kind === 'unknown' && !rules.between(source.groups, ['unknown']).some((rule) => !rule.disabled)
  const [from, to] = [isPassing() ? undefined : modeAt(source), modeAt(destination)]
  const decidedBy = to ? 'destination' : from ? 'source' : 'none'
  return { ...resolveMode(world.policy.settings.modeResolution, from, to), decidedBy } as const
}

type Place = { readonly world: World; readonly modes: Modes; readonly rules: RuleIndex }

function endpointAt({ endpoints }: Parts, text: string, serverName: string | undefined): Endpoint {
  // An IPv4 text has only one spelling.
  const ip = text.includes(':') ? (canonicalAddress(text) ?? text) : text
  const { kind, workload, groups, named } = endpoints.find(ip)
  const asked =
    named.length > 0 && serverName !== undefined ? endpoints.names.groupsAt(ip, normaliseHost(serverName)) : []
  const all =
    asked.length === 0 ? groups : [...new Set(kind === 'external' ? [...asked, ...groups] : [...groups, ...asked])]
  return kind === 'workload' ? { kind, ip, workload: workload!, groups: all } : { kind, ip, groups: all }
}

/** `before`: the directory of the World that this one replaces; what did not change is taken over from it. */
export function directory(world: World, before?: Directory): Directory {
  const parts = partsFor(world, before)
  const { groups, endpoints, modes } = parts
  return {
    world,
    rules: parts.rules,
    endpoint: (ip, serverName) => endpointAt(parts, ip, serverName),
    groupsOf: groups.of,
    members: groups.members,
    modeOf: modes,
    effectiveMode: (source, destination) => effectiveMode({ world, modes, rules: parts.rules }, source, destination),
    prefixes: endpoints.prefixes,
    namedGroups: (ip) => endpoints.find(ip).named,
    namesOf: endpoints.names.of,
    parts,
  }
}
