/** Ports that rules name together with an application (or requests): these get a listener of their own. */
import type { ApplicationName } from '../policy/applications.ts'
import { isApplication, isHttp, speaksFirst } from '../policy/applications.ts'
import type { Rule } from '../policy/model.ts'
import type { PortProtocol } from './model.ts'
import { proxyPorts } from './names.ts'
import { tcpRanges } from './ports.ts'

/** A wider range is no list of ports: it is served like ports that nobody named. */
const maxPortsOfRange = 32
/** Past it further ports (the higher ones) are served like ports that nobody named. */
export const maxKnownPorts = 256

/** What a rule says its ports speak. */
function applicationsOf({ applications, http }: Rule): readonly ApplicationName[] {
  return applications.length === 0 && http.length > 0 ? ['http'] : applications.filter(isApplication)
}

/** The app can not have these, and Envoy takes only one listener for each. */
const ownPorts: ReadonlySet<number> = new Set(Object.values(proxyPorts))

/** Single ports that a rule names, wide ranges left out. */
export function portsNamed(rule: Rule): readonly number[] {
  return tcpRanges(rule.ports)
    .filter(({ from, to }) => to - from < maxPortsOfRange)
    .flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
    .filter((port) => !ownPorts.has(port))
}

/**
 * A server that greets decides: its clients would wait for our inspectors. Then HTTP, whose requests only HCM can see.
 * @param applications sorted, at least one
 */
function protocolOf(applications: readonly ApplicationName[]): PortProtocol {
  if (applications.some((name) => speaksFirst(name) !== 'client')) return { kind: 'server-first', applications }
  return applications.some(isHttp) ? { kind: 'http', applications } : { kind: 'client-first', applications }
}

/** By port, in order. */
export function knownPorts(rules: readonly Rule[]): ReadonlyMap<number, PortProtocol> {
  const named = new Map<number, Set<ApplicationName>>()
  for (const rule of rules) {
    const applications = applicationsOf(rule)
    for (const port of applications.length === 0 ? [] : portsNamed(rule)) {
      const at = named.get(port) ?? new Set()
      named.set(port, at)
      for (const name of applications) at.add(name)
    }
  }
  const ports = [...named].sort(([a], [b]) => a - b).slice(0, maxKnownPorts)
  return new Map(ports.map(([port, names]) => [port, protocolOf([...names].sort())]))
}
