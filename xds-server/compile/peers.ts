/** Who is at the other end, as far as the rules of a listener can tell, and the rules that can match each of them. */
import type { Prefix } from '../policy/endpoints.ts'
import type { Endpoint, Rule } from '../policy/model.ts'
import type { Division, Identity } from './division.ts'
import { divide, identityParts, undivided } from './division.ts'
import type { Inspecting } from './inspect-filter.ts'
import type { Message } from './model.ts'
import { passPeer, peerName } from './names.ts'
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
  /** How its HTTP requests are looked into. */
  readonly inspecting: Inspecting
}

type End = 'from' | 'to'

/** The groups that rules (and sensors) name at the far end, sorted; `any` tells nobody apart. */
function namedGroups(rules: readonly Rule[], far: End, inspected: readonly string[]): readonly string[] {
  const named = [...rules.map((rule) => rule[far]), ...inspected]
  return [...new Set(named)].filter((group) => group !== 'any').sort()
}

/** Rules of one listener, up to the first that matches every peer and connection. */
export function upToCatchAll(rules: readonly Rule[], far: End): readonly Rule[] {
  const end = rules.findIndex((rule) => {
    const row = rule[far] === 'any' && rule.http.length === 0 ? rowsOf([{ rule }], 'tcp')[0] : undefined
    return row !== undefined && isUnconditional(row)
  })
  return end < 0 ? rules : rules.slice(0, end + 1)
}

function linesFor(rules: readonly Rule[], far: End, { groups, named }: Identity): readonly Line[] {
  return rules.flatMap((rule): readonly Line[] => {
    if (rule[far] === 'any' || groups.includes(rule[far])) return [{ rule }]
    const names = named.get(rule[far])
    return names === undefined ? [] : [{ rule, names }]
  })
}

function endpointOf({ cidr, kind, workload, groups }: Prefix): Endpoint {
  const ip = cidr.slice(0, cidr.indexOf('/'))
  return kind === 'workload' ? { kind, ip, workload: workload!, groups } : { kind, ip, groups }
}

/** All members of a part are treated like this one of them. */
function treatment({ directory, self, sensing }: Scope, sample: Prefix, far: End) {
  const other = endpointOf(sample)
  const [source, destination] = far === 'from' ? [other, self] : [self, other]
  const enforced = directory.effectiveMode(source, destination).mode === 'protect'
  return { enforced, inspecting: sensing.between(source, destination, enforced) }
}

const notHere: Inspecting = { kind: 'nothing' }

/** Past the sidecar's bound nobody is told apart: only rules for `any` hold, and in Protect that denies the rest. */
function affordable(scope: Scope, listener: string, division: Division): Division {
  if (scope.spend(division.addresses)) return division
  const cause = `${listener} needs ${division.addresses} addresses, more than a sidecar may have`
  scope.report(`${cause}: only rules for \`any\` hold there`)
  return undivided(scope.blocks)
}

/** @param listener its name, for people */
export function peersOf(scope: Scope, listener: string, far: End, rules: readonly Rule[]): readonly Peer[] {
  const inspected = scope.sensing.groupsAt(far, scope.groups)
  const division = divide(scope.directory, scope.blocks, far, namedGroups(rules, far, inspected))
  return affordable(scope, listener, division).parts.map(({ identity, ranges, cidrs, sample }): Peer => {
    if (identity.kind === 'passing') {
      return { name: passPeer, ranges, cidrs, lines: [], enforced: false, inspecting: notHere }
    }
    const name = peerName(identityParts(identity))
    return { name, ranges, cidrs, lines: linesFor(rules, far, identity), ...treatment(scope, sample, far) }
  })
}
