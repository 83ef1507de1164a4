/** Connections to a workload: one listener for each known port, and `inbound` for all others. */
import type { Rule, Settings } from '../policy/model.ts'
import { denyingChain, ownPortChain } from './chains.ts'
import type { RequestHandling } from './http-chains.ts'
import { knownPorts } from './known-ports.ts'
import type { Compiling } from './listener.ts'
import { inspectors, listener, originalDestination } from './listener.ts'
import { anyOf, equals, inputs, toChain } from './matching.ts'
import type { Message, PortProtocol } from './model.ts'
import { listenerName, proxyPorts, selfChain } from './names.ts'
import { sources, upToCatchAll } from './peers.ts'
import { includesPort, tcpRanges } from './ports.ts'
import type { Scope } from './scope.ts'
import { servingOf } from './slots.ts'

/** On every address of the pod; Envoy can not have one that the pod has not. */
export function addresses(port: number, ipv6: boolean): Message {
  const at = (address: string): Message => ({ socket_address: { address, port_value: port } })
  return { address: at('0.0.0.0'), ...(ipv6 ? { additional_addresses: [{ address: at('::') }] } : {}) }
}

const namesHeader = (rule: Rule): boolean =>
  rule.action === 'deny' && rule.http.some(({ headers }) => headers.length > 0)

export function requestHandling(rules: readonly Rule[], settings: Settings, normalisePaths: boolean): RequestHandling {
  return { normalisePaths, rejectUnderscores: rules.some(namesHeader), revealRule: settings.revealRule }
}

const settingsOf = ({ directory }: Scope): Settings => directory.world.policy.settings

function rulesForPort(rules: readonly Rule[], port: number): readonly Rule[] {
  return rules.filter(({ ports }) => ports.length === 0 || includesPort(tcpRanges(ports), port))
}

const names = (rule: Rule, port: number): boolean => includesPort(tcpRanges(rule.ports), port)

function portListener(scope: Scope, port: number, protocol: PortProtocol): Compiling {
  const name = listenerName('in', port)
  const rules = upToCatchAll(rulesForPort(scope.inboundRules, port), 'from')
  const { slots, inspection } = servingOf(protocol, settingsOf(scope).pins)
  const inspected = inspection.kind === 'inspect'
  return listener({
    name,
    place: {
      direction: 'in',
      port,
      inspected,
      requests: requestHandling(rules, settingsOf(scope), true),
      slotsFor: () => slots,
      cutsOf: (chain) => scope.cutsOf(name, chain),
    },
    peers: sources(scope, rules),
    address: inputs.sourceAddress,
    first: [],
    chains: [denyingChain('in')],
    inspection,
    rules: rules.filter((rule) => names(rule, port)).map((rule) => rule.id),
    fields: {
      ...addresses(port, scope.options.ipv6),
      bind_to_port: false,
      ...(inspected ? { listener_filters: inspectors() } : {}),
    },
  })
}

/** Is there a port that this rule is about and that has no listener of its own? */
function reachesOthers({ ports }: Rule, known: ReadonlyMap<number, PortProtocol>): boolean {
  if (ports.length === 0) return true
  return tcpRanges(ports).some(({ from, to }) => {
    for (let port = from; port <= to; port++) if (!known.has(port)) return true
    return false
  })
}

/** Sent to the proxy's own ports on purpose: passing it on would make it come back. */
const toOwnPorts = {
  when: anyOf([proxyPorts.inbound, proxyPorts.outbound].map((port) => equals(inputs.destinationPort, `${port}`))),
  leads: toChain(selfChain),
}

function otherPorts(scope: Scope, known: ReadonlyMap<number, PortProtocol>): Compiling {
  const name = listenerName('in')
  const rules = upToCatchAll(
    scope.inboundRules.filter((rule) => reachesOthers(rule, known)),
    'from',
  )
  const { slots, inspection } = servingOf({ kind: 'detect' }, 'verify')
  return listener({
    name,
    place: {
      direction: 'in',
      port: undefined,
      inspected: false,
      requests: requestHandling([], settingsOf(scope), true),
      slotsFor: () => slots,
      cutsOf: (chain) => scope.cutsOf(name, chain),
    },
    peers: sources(scope, rules),
    address: inputs.sourceAddress,
    first: [toOwnPorts],
    chains: [denyingChain('in'), ownPortChain('in')],
    inspection,
    rules: [],
    fields: {
      ...addresses(proxyPorts.inbound, scope.options.ipv6),
      // known ports are handed over to their own listeners
      use_original_dst: true,
      listener_filters: [originalDestination],
    },
  })
}

export function inbound(scope: Scope): readonly Compiling[] {
  const known = knownPorts(scope.inboundRules)
  return [otherPorts(scope, known), ...[...known].map(([port, protocol]) => portListener(scope, port, protocol))]
}
