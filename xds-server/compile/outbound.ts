/**
 * Connections of a workload. The listener judges only what no sidecar of ours will judge at the other end. It hands no
 * port over: inbound listeners are on the same wildcard address, and would take what was meant to leave.
 */
import { isHttp } from '../policy/applications.ts'
import type { Rule } from '../policy/model.ts'
import { denyingChain, ownPortChain, passingChain } from './chains.ts'
import { addresses, requestHandling } from './inbound.ts'
import { knownPorts } from './known-ports.ts'
import type { MadeListener } from './listener.ts'
import { inspectors, listener, originalDestination } from './listener.ts'
import { equals, inputs, toChain } from './matching.ts'
import type { Message, PortProtocol } from './model.ts'
import { listenerName, proxyPorts, selfChain } from './names.ts'
import type { Peer } from './peers.ts'
import { peersOf, upToCatchAll } from './peers.ts'
import { looksAtPath, requestsOf } from './requests.ts'
import type { Scope } from './scope.ts'
import type { Inspection } from './slots.ts'
import { outboundSlots } from './slots.ts'

/** Where clients speak first and tell what they want. Elsewhere a client that waits for a greeting would wait for us. */
const alwaysInspected: readonly number[] = [80, 443]
const inspection: Inspection = { kind: 'inspect', timeout: '0.3s', afterwards: 'go-on' }

const isInspectable = (protocol: PortProtocol): boolean =>
  protocol.kind !== 'detect' &&
  protocol.kind !== 'server-first' &&
  protocol.applications.some((name) => name === 'tls' || isHttp(name))

function inspectedPorts(rules: readonly Rule[]): readonly number[] {
  const learned = [...knownPorts(rules)].filter(([, protocol]) => isInspectable(protocol)).map(([port]) => port)
  return [...new Set([...alwaysInspected, ...learned])].sort((a, b) => a - b)
}

function disabledElsewhere(ports: readonly number[]): Message {
  const rules = ports.map((port) => ({ destination_port_range: { start: port, end: port + 1 } }))
  return { filter_disabled: { not_match: { or_match: { rules } } } }
}

const namesMatter = (peer: Peer): boolean => peer.lines.some((line) => line.names !== undefined)
/** What leaves is not ours to rewrite, unless a rule depends on it. */
const judgesPaths = (rules: readonly Rule[]): boolean => rules.some((rule) => requestsOf(rule).some(looksAtPath))

/** Connections to 15001 itself. */
const toOwnPort = { when: equals(inputs.destinationPort, `${proxyPorts.outbound}`), leads: toChain(selfChain) }

export function outbound(scope: Scope): MadeListener {
  const name = listenerName('out')
  const rules = upToCatchAll(scope.outboundRules, 'to')
  const requests = requestHandling(rules, scope.directory.world.policy.settings, judgesPaths(rules))
  const ports = inspectedPorts(rules)
  return listener(scope, {
    name,
    place: {
      direction: 'out',
      port: undefined,
      requests,
      slotsFor: (peer) => outboundSlots(namesMatter(peer)),
      cutsOf: (chain) => scope.cutsOf(name, chain),
      token: scope.token,
    },
    peers: peersOf(scope, name, 'to', rules),
    address: inputs.destinationAddress,
    first: [toOwnPort],
    chains: [denyingChain('out'), ownPortChain('out'), passingChain()],
    inspection,
    rules: [],
    fields: {
      ...addresses(proxyPorts.outbound, scope.options.ipv6),
      listener_filters: [originalDestination, ...inspectors(disabledElsewhere(ports))],
    },
    stamp: [requests, ports, scope.options.ipv6],
  })
}
