/**
 * A policy table: the rules that are left for one class of peers on one port, as the kind of chain that asks it can
 * see them. Peers are told apart by the chain, so there is no address in a table. One reading serves both what Envoy is
 * told (`rbac.ts`) and what the compiler has to know of it (who may be allowed anything, which rights were lost).
 * A condition that a chain can not see is read conservatively: an allow does not match, a deny does.
 */
import { applications, covers, isHttp, namesServer } from '../policy/applications.ts'
import { isAnyRequest } from '../policy/http.ts'
import { type Action, type HttpMatch, type PortRange, type Rule, uninspectedRuleId } from '../policy/model.ts'
import { requestSignature } from '../policy/request-names.ts'
import { includesPort, tcpRanges } from './ports.ts'

/** `tcp`: the application only. `tls`: the server name, too. `http`: requests. */
export type View = 'tcp' | 'tls' | 'http'

/** A rule that can match this class of peers. */
export type Line = {
  readonly rule: Rule
  /** Some of these server names must be asked for; undefined: the address alone is enough. */
  readonly names?: readonly string[]
}

/** What is left of a line. Empty lists ask nothing. */
export type Row = {
  readonly rule: string
  readonly action: Action
  /** As the chain knows them; undefined: any. */
  readonly applications: readonly string[] | undefined
  readonly ports: readonly PortRange[]
  readonly names: readonly string[]
  readonly requests: readonly HttpMatch[]
}

export const everyApplication: readonly string[] = Object.keys(applications)
const httpApplications = everyApplication.filter(isHttp)

/** What a chain that only knows the first bytes takes gRPC, and the names that requests show, for. */
const lookAlikes = (name: string): readonly string[] => {
  const carrier = requestSignature(name)?.carrier ?? name
  return carrier === name && name !== 'grpc' ? [name] : [name, carrier === 'grpc' ? 'http2' : carrier]
}
const blurred = (wanted: readonly string[]): readonly string[] => [...new Set(wanted.flatMap(lookAlikes))]

/** The applications a rule is about, all spelt out; undefined: any. */
function wantedApplications({ applications: named, http }: Rule): readonly string[] | undefined {
  if (named.length === 0) return http.length === 0 ? undefined : httpApplications
  const wanted = everyApplication.filter((seen) => named.some((name) => covers(name, seen)))
  return http.length === 0 ? wanted : wanted.filter(isHttp)
}

/** A rule is about a class of requests only if none of its alternatives is any request. */
const restricts = (http: readonly HttpMatch[]): boolean => http.length > 0 && !http.some(isAnyRequest)

/** Per view: can the chain see server names, and requests? */
const sees: Readonly<Record<View, { readonly names: boolean; readonly requests: boolean }>> = {
  tcp: { names: false, requests: false },
  tls: { names: true, requests: false },
  http: { names: true, requests: true },
}

/** What some chains of this view can meet; undefined: anything. */
const meets: Readonly<Record<View, readonly string[] | undefined>> = {
  tcp: undefined,
  tls: ['tls'],
  http: httpApplications,
}

function visibleApplications(rule: Rule, names: readonly string[] | undefined, view: View) {
  const wanted = wantedApplications(rule) ?? (names && everyApplication.filter(namesServer))
  const blurry = view !== 'http' && wanted && rule.action === 'deny' ? blurred(wanted) : wanted
  const scope = meets[view]
  if (scope === undefined || blurry === undefined) return blurry
  return scope.every((name) => blurry.includes(name)) ? undefined : scope.filter((name) => blurry.includes(name))
}

/** Undefined: the line never matches in this view. */
function rowOf({ rule, names }: Line, view: View): Row | undefined {
  const { requests, names: seesNames } = sees[view]
  const unseen = (restricts(rule.http) && !requests) || (names !== undefined && !seesNames)
  if (unseen && rule.action === 'allow') return undefined
  const visible = visibleApplications(rule, names, view)
  const ports = tcpRanges(rule.ports)
  if (visible?.length === 0 || (rule.ports.length > 0 && ports.length === 0)) return undefined
  return {
    rule: rule.id,
    action: rule.action,
    applications: visible,
    ports,
    names: seesNames ? (names ?? []) : [],
    requests: requests && restricts(rule.http) ? rule.http : [],
  }
}

/** Nothing behind it is reached. */
export function isUnconditional(row: Row): boolean {
  return [row.ports, row.names, row.requests].every((part) => part.length === 0) && row.applications === undefined
}

/**
 * What stands above all rules where sensors must see every request, in a chain that hands on bytes: HTTP there is HTTP
 * that Envoy did not take for it, or on a port that no rule names for HTTP. On a port that is named for it, what nobody
 * recognises is as suspicious: servers are more lenient than we are.
 */
export function uninspectedRow(namedForHttp: boolean): Row {
  const refused = namedForHttp ? [...httpApplications, 'unknown'] : httpApplications
  return { rule: uninspectedRuleId, action: 'deny', applications: refused, ports: [], names: [], requests: [] }
}

/** In order, up to the first that always matches. */
export function rowsOf(lines: readonly Line[], view: View): readonly Row[] {
  const rows: Row[] = []
  for (const line of lines) {
    const row = rowOf(line, view)
    if (row === undefined) continue
    rows.push(row)
    if (isUnconditional(row)) break
  }
  return rows
}

/** Could such a connection, or a request on it, be allowed? No row is a deny. */
export function mayAllow(rows: readonly Row[], application: string, port: number): boolean {
  for (const row of rows) {
    if (row.applications !== undefined && !row.applications.includes(application)) continue
    if (row.ports.length > 0 && !includesPort(row.ports, port)) continue
    if (row.action === 'allow') return true
    if (row.names.length === 0 && row.requests.length === 0) return false
  }
  return false
}

/** Applications of this view that may be allowed on a port. */
export function allowedApplications(rows: readonly Row[], view: View, port: number): readonly string[] {
  return (meets[view] ?? everyApplication).filter((name) => mayAllow(rows, name, port))
}
