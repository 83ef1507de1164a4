/** Connections to a workload: one listener for each known port, and `inbound` for all others. */
import type { Rule, Settings } from '../policy/model.ts'
import { reportBlindSpots } from './blind-spots.ts'
import { denyingChain, ownPortChain } from './chains.ts'
import type { RequestHandling } from './http-chains.ts'
import { knownPorts } from './known-ports.ts'
import type { MadeListener } from './listener.ts'
import { inspectors, listener, originalDestination } from './listener.ts'
import { anyOf, equals, inputs, toChain } from './matching.ts'
import type { Message, PortProtocol } from './model.ts'
import { listenerName, proxyPorts, selfChain } from './names.ts'
import { peersOf, upToCatchAll } from './peers.ts'
import { includesPort, tcpRanges } from './ports.ts'
import { requestsOf } from './requests.ts'
import type { Scope } from './scope.ts'
import { servingOf } from './slots.ts'

/** On every address of the pod; Envoy can not have one that the pod has not. */
export function addresses(port: number, ipv6: boolean): Message {
  const at = (address: string): Message => ({ socket_address: { address, port_value: port } })
  return { address: at('0.0.0.0'), ...(ipv6 ? { additional_addresses: [{ address: at('::') }] } : {}) }
}

const namesHeader = (rule: Rule): boolean =>
  rule.action === 'deny' && requestsOf(rule).some(({ headers }) => headers.length > 0)

export function requestHandling(rules: readonly Rule[], settings: Settings, normalisePaths: boolean): RequestHandling {
  return { normalisePaths, rejectUnderscores: rules.some(namesHeader), revealRule: settings.revealRule }
}

const settingsOf = ({ directory }: Scope): Settings => directory.world.policy.settings

const concerns = (rule: Rule, port: number): boolean => includesPort(tcpRanges(rule.ports), port)

const stripped = new WeakMap<Rule, Rule>()

/** One object for each rule, so that it can be recognised. */
function portless(rule: Rule): Rule {
  const known = stripped.get(rule) ?? { ...rule, ports: [] }
  stripped.set(rule, known)
  return known
}

/** The rules left when the port is known: none of them asks for it any more. */
function rulesForPort(rules: readonly Rule[], port: number): readonly Rule[] {
  return rules.flatMap((rule) => {
    if (rule.ports.length === 0) return [rule]
    return concerns(rule, port) ? [portless(rule)] : []
  })
}

function portListener(scope: Scope, port: number, protocol: PortProtocol): MadeListener {
  const name = listenerName('in', port)
  const rules = upToCatchAll(rulesForPort(scope.inboundRules, port), 'from')
  const { slots, inspection } = servingOf(protocol, settingsOf(scope).pins)
  const inspected = inspection.kind === 'inspect'
  const requests = requestHandling(rules, settingsOf(scope), true)
  return listener(scope, {
    name,
    place: {
      direction: 'in',
      port,
      requests,
      slotsFor: () => slots,
      cutsOf: (chain) => scope.cutsOf(name, chain),
      token: scope.token,
    },
    peers: peersOf(scope, name, 'from', rules),
    address: inputs.sourceAddress,
    first: [],
    chains: [denyingChain('in')],
    inspection,
    rules: scope.inboundRules.filter((rule) => concerns(rule, port)).map((rule) => rule.id),
    fields: {
      ...addresses(port, scope.options.ipv6),
      bind_to_port: false,
      ...(inspected ? { listener_filters: inspectors() } : {}),
    },
    stamp: [protocol, settingsOf(scope).pins, requests, scope.options.ipv6],
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

/** These chains carry no HTTP. */
const noRequests: RequestHandling = { normalisePaths: true, rejectUnderscores: false, revealRule: false }

function otherPorts(scope: Scope, known: ReadonlyMap<number, PortProtocol>): MadeListener {
  const name = listenerName('in')
  const rules = upToCatchAll(
    scope.inboundRules.filter((rule) => reachesOthers(rule, known)),
    'from',
  )
  const { slots, inspection } = servingOf({ kind: 'detect' }, 'verify')
  return listener(scope, {
    name,
    place: {
      direction: 'in',
      port: undefined,
      requests: noRequests,
      slotsFor: () => slots,
      cutsOf: (chain) => scope.cutsOf(name, chain),
      token: scope.token,
    },
    peers: peersOf(scope, name, 'from', rules),
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
    stamp: [scope.options.ipv6],
  })
}

export function inbound(scope: Scope): readonly MadeListener[] {
  const known = knownPorts(scope.inboundRules)
  reportBlindSpots(scope, known)
  return [otherPorts(scope, known), ...[...known].map(([port, protocol]) => portListener(scope, port, protocol))]
}
