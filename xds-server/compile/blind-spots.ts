/** Rules that can not do all they say: what people should know about them. */
import { isAnyRequest } from '../policy/http.ts'
import type { Rule } from '../policy/model.ts'
import { isRequestName } from '../policy/request-names.ts'
import { maxKnownPorts, portsNamed } from './known-ports.ts'
import type { PortProtocol } from './model.ts'
import type { Scope } from './scope.ts'

const restrictsRequests = ({ http, applications }: Rule): boolean =>
  (http.length > 0 && !http.some(isAnyRequest)) || applications.some(isRequestName)

const consequence: Readonly<Record<Rule['action'], string>> = {
  allow: 'there it allows nothing',
  deny: 'there it denies all HTTP',
}

function reportRequests(scope: Scope, rule: Rule, known: ReadonlyMap<number, PortProtocol>): void {
  const isBlind = (port: number): boolean => known.get(port)?.kind !== 'http'
  const named = portsNamed(rule)
  const blind = named.filter(isBlind)
  const what = consequence[rule.action]
  if (named.length === 0) {
    scope.report(
      `requests are seen only on ports that rules name for HTTP; on all others what it asks of them is not: ${what}`,
      rule.id,
    )
  } else if (blind.length > 0) {
    scope.report(
      `port ${blind.join(', ')} is served for something that is no HTTP, so what it asks of requests is not seen: ${what}`,
      rule.id,
    )
  }
}

/** To this class; what goes to something without a sidecar is judged with the same eyes on ports that rules name. */
export function reportBlindSpots(scope: Scope, known: ReadonlyMap<number, PortProtocol>): void {
  if (known.size >= maxKnownPorts)
    scope.report(`only its first ${maxKnownPorts} named ports have a listener of their own`)
  for (const rule of scope.inboundRules) if (restrictsRequests(rule)) reportRequests(scope, rule, known)
}
