/** One rule against what is known of a flow, and the ordered list indexed by the groups that rules name. */
import { covers, isHttp } from './applications.ts'
import type { Flow, PortRange, Rule, RuleField } from './model.ts'

export function matchesPorts(ports: readonly PortRange[], port: number, protocol: 'tcp' | 'udp'): boolean {
  return ports.length === 0 || ports.some((r) => r.protocol === protocol && port >= r.from && port <= r.to)
}

/** Does the rule name this application, or a wider one? An `http` part is about HTTP only. */
export function matchesApplication(rule: Rule, application: string): boolean {
  if (rule.http.length > 0 && !isHttp(application)) return false
  return rule.applications.length === 0 || rule.applications.some((wanted) => covers(wanted, application))
}

/** What a trace compares a rule with. */
export type Seen = {
  readonly flow: Flow
  readonly from: readonly string[]
  readonly to: readonly string[]
}

const namesNone = ({ applications }: Rule, { application, http }: Flow): boolean =>
  applications.length > 0 &&
  (application === undefined
    ? http === undefined || !applications.some(isHttp)
    : !applications.some((a) => covers(a, application)))

/** The first field of a rule that does not fit what was seen, or does not fit yet. */
export function firstMisfit(rule: Rule, { flow, from, to }: Seen): RuleField {
  if (rule.disabled) return 'disabled'
  if (!from.includes(rule.from)) return 'from'
  if (!to.includes(rule.to)) return 'to'
  if (!matchesPorts(rule.ports, flow.port, flow.protocol)) return 'ports'
  return namesNone(rule, flow) ? 'applications' : 'http'
}

/** Rules that name these groups, by their place in the list. */
export type RuleIndex = {
  readonly rules: readonly Rule[]
  /** In order, disabled ones included: rules whose `from` is one of these groups and whose `to` one of those. */
  between(from: Iterable<string>, to: readonly string[]): readonly Rule[]
}

type Places = Map<string, Map<string, number[]>>

function placesOf(rules: readonly Rule[]): Places {
  const places: Places = new Map()
  for (const [place, { from, to }] of rules.entries()) {
    const byTo = places.get(from) ?? new Map<string, number[]>()
    places.set(from, byTo)
    const list = byTo.get(to)
    if (list) list.push(place)
    else byTo.set(to, [place])
  }
  return places
}

/** A look-up costs the product of the two ends' groups (a few dozen), whatever the number of rules. */
export function ruleIndex(rules: readonly Rule[]): RuleIndex {
  const places = placesOf(rules)
  return {
    rules,
    between(from, to) {
      const found: number[] = []
      for (const source of from) {
        const byTo = places.get(source)
        if (byTo !== undefined) for (const destination of to) found.push(...(byTo.get(destination) ?? []))
      }
      return found.sort((a, b) => a - b).map((place) => rules[place]!)
    },
  }
}
