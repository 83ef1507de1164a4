/**
 * The ways a connection can go on: which application it may turn out to speak, and which rules each of them would meet.
 * The applications are few, so they are tried one by one; requests and server names are not, so a rule that depends on
 * one is a `maybe`: it is counted as an outcome, and the walk goes on behind it.
 */
import { applications, covers, isHttp, namesServer, widest } from './applications.ts'
import { isAnyRequest, looksAtPath, matchesHttp } from './http.ts'
import { isAmbiguous } from './http-path.ts'
import type { Action, HttpRequest, Rule } from './model.ts'
import { nameLooksAtPath, nameOfRequest, namesIn } from './request-names.ts'
import { matchesApplication } from './rule.ts'

/** What is known of a connection beyond its addresses and port, which the rules given here all fit. */
export type Known = {
  /** Undefined: not known yet. */
  readonly application: string | undefined
  readonly http: HttpRequest | undefined
  /** Groups the destination is in only if the right server name is asked for, which is not known yet. */
  readonly named: readonly string[]
  /** Groups that the destination is in for some server names only, whether the name is known or not. */
  readonly byName: readonly string[]
}

const everyApplication = Object.keys(applications)
const httpApplications = everyApplication.filter(isHttp)

/** gRPC shows only in a request: until then an HTTP/2 connection may be either. */
function carriers(application: string, http: HttpRequest | undefined): readonly string[] {
  if (application !== 'http2') return [application]
  if (http === undefined) return ['http2', 'grpc']
  return [http.grpc === undefined ? 'http2' : 'grpc']
}

/** The name that the request shows, or those it may yet show, as far as any rule asks for them. */
function refined(rules: readonly Rule[], application: string, http: HttpRequest | undefined): readonly string[] {
  return carriers(application, http).flatMap((carrier) => {
    if (http !== undefined) return [nameOfRequest(carrier, http) ?? carrier]
    const asked = namesIn(carrier).filter((name) => rules.some((rule) => rule.applications.includes(name)))
    return [carrier, ...asked]
  })
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
  if (application !== undefined) return refined(rules, application, http)
  if (http !== undefined) {
    const possible = http.grpc === undefined ? ['http', 'http2'] : ['grpc']
    return possible.flatMap((name) => refined(rules, name, http))
  }
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
  const parts = [fitsServerName(rule, application, known), fitsRequest(rule, known.http)]
  if (parts.includes('no')) return 'no'
  return parts.includes('maybe') ? 'maybe' : 'yes'
}

/** Does every HTTP request to these addresses meet this rule, and none what stands behind it? */
function endsHttp(rule: Rule, known: Known): boolean {
  const anyRequest = { ...known, http: undefined, named: known.byName }
  return httpApplications.every((application) => fits(rule, application, anyRequest) === 'yes')
}

/**
 * Where a rule that a request may meet looks at paths, a path that programs read in different ways is denied by the
 * default, whatever the rules are: nobody could vouch for it.
 */
function isGuarded(rules: readonly Rule[], known: Known): boolean {
  if (!rules.some(asksForPath)) return false
  const end = rules.findIndex((rule) => endsHttp(rule, known))
  const reached = end < 0 ? rules : rules.slice(0, end)
  return reached.some(asksForPath)
}

const asksForPath = ({ http, applications: named }: Rule): boolean =>
  http.some(looksAtPath) || widest(named).some(nameLooksAtPath)

/**
 * Rules that one application can meet, in order; `last` is the one that ends the walk, undefined the default.
 * `guarded`: an ambiguous path would end it at the default before all of them.
 */
export type Walk = { readonly maybe: readonly Rule[]; readonly last: Rule | undefined; readonly guarded: boolean }

function walk(rules: readonly Rule[], application: string, known: Known, guarded: boolean): Walk {
  const maybe: Rule[] = []
  if (guarded && known.http && isAmbiguous(known.http.path)) return { maybe, last: undefined, guarded: false }
  const open = guarded && known.http === undefined && isHttp(application)
  for (const rule of rules) {
    const fit = fits(rule, application, known)
    if (fit === 'yes') return { maybe, last: rule, guarded: open }
    if (fit === 'maybe') maybe.push(rule)
  }
  return { maybe, last: undefined, guarded: open }
}

/** One walk for each application that is told apart. The first is that of an application no rule names, if any is. */
export function continuations(enabledRules: readonly Rule[], known: Known): readonly Walk[] {
  const guarded = isGuarded(enabledRules, known)
  return possibleApplications(enabledRules, known).map((name) => walk(enabledRules, name, known, guarded))
}

/** How the walks can end. No rule is a deny. */
export function endings(walks: readonly Walk[]): ReadonlySet<Action> {
  return new Set(
    walks.flatMap(({ maybe, last, guarded }) => [
      ...maybe.map((r) => r.action),
      last?.action ?? 'deny',
      ...(guarded ? (['deny'] as const) : []),
    ]),
  )
}
