/**
 * The ways a connection can go on: which application it may turn out to speak, and which rules each of them would meet.
 * The applications are few, so they are tried one by one; requests and server names are not, so a rule that depends on
 * one is a `maybe`: it is counted as an outcome, and the walk goes on behind it.
 */
import { applications, covers, isHttp, namesServer } from './applications.ts'
import { isAnyRequest, matchesHttp } from './http.ts'
import type { Action, HttpRequest, Rule } from './model.ts'
import { matchesApplication } from './rule.ts'

/** What is known of a connection beyond its addresses, which the rules given here all fit (and its port, if known). */
export type Known = {
  /** Undefined: not known yet. */
  readonly application: string | undefined
  readonly http: HttpRequest | undefined
  /** Groups the destination is in only if the right server name is asked for, which is not known yet. */
  readonly named: readonly string[]
  /** False: a rule about some ports may fit or not. */
  readonly portKnown: boolean
}

const everyApplication = Object.keys(applications)

/** gRPC shows only in a request: until then an HTTP/2 connection may be either. */
function refined(application: string, http: HttpRequest | undefined): readonly string[] {
  if (application !== 'http2') return [application]
  if (http === undefined) return ['http2', 'grpc']
  return [http.grpc === undefined ? 'http2' : 'grpc']
}

const mentions = (rule: Rule, application: string, named: readonly string[]): boolean =>
  rule.applications.some((wanted) => covers(wanted, application)) ||
  (rule.http.length > 0 && isHttp(application)) ||
  (named.includes(rule.to) && namesServer(application))

/** Applications that any rule tells apart, and one that stands for all the others (it comes first). */
function toldApart(rules: readonly Rule[], named: readonly string[]): readonly string[] {
  const conditional = rules.filter((r) => r.applications.length > 0 || r.http.length > 0 || named.includes(r.to))
  if (conditional.length === 0) return ['unknown']
  const [told, alike] = [[] as string[], [] as string[]]
  for (const name of everyApplication) (conditional.some((r) => mentions(r, name, named)) ? told : alike).push(name)
  return [...alike.slice(-1), ...told]
}

function possibleApplications(rules: readonly Rule[], { application, http, named }: Known): readonly string[] {
  if (application !== undefined) return refined(application, http)
  if (http !== undefined) return http.grpc === undefined ? ['http', 'http2'] : ['grpc']
  return toldApart(rules, named)
}

type Fit = 'yes' | 'no' | 'maybe'

function fitsServerName(rule: Rule, application: string, known: Known): Fit {
  if (!known.named.includes(rule.to)) return 'yes'
  // A recognised TLS connection that named no server never will; an HTTP one names it in its first request.
  const stillOpen = known.application === undefined || isHttp(application)
  return namesServer(application) && stillOpen ? 'maybe' : 'no'
}

function fitsRequest(rule: Rule, http: HttpRequest | undefined): Fit {
  if (rule.http.length === 0 || rule.http.some(isAnyRequest)) return 'yes'
  if (http === undefined) return 'maybe'
  return rule.http.some((match) => matchesHttp(match, http)) ? 'yes' : 'no'
}

function fits(rule: Rule, application: string, known: Known): Fit {
  if (!matchesApplication(rule, application)) return 'no'
  const port: Fit = known.portKnown || rule.ports.length === 0 ? 'yes' : 'maybe'
  const parts = [port, fitsServerName(rule, application, known), fitsRequest(rule, known.http)]
  if (parts.includes('no')) return 'no'
  return parts.includes('maybe') ? 'maybe' : 'yes'
}

/** Rules that one application can meet, in order; `last` is the one that ends the walk, undefined the default. */
export type Walk = { readonly maybe: readonly Rule[]; readonly last: Rule | undefined }

function walk(rules: readonly Rule[], application: string, known: Known): Walk {
  const maybe: Rule[] = []
  for (const rule of rules) {
    const fit = fits(rule, application, known)
    if (fit === 'yes') return { maybe, last: rule }
    if (fit === 'maybe') maybe.push(rule)
  }
  return { maybe, last: undefined }
}

/** One walk for each application that is told apart. The first is that of an application no rule names, if any is. */
export function continuations(enabledRules: readonly Rule[], known: Known): readonly Walk[] {
  return possibleApplications(enabledRules, known).map((application) => walk(enabledRules, application, known))
}

/** How the walks can end. No rule is a deny. */
export function endings(walks: readonly Walk[]): ReadonlySet<Action> {
  return new Set(walks.flatMap(({ maybe, last }) => [...maybe.map((r) => r.action), last?.action ?? 'deny']))
}
