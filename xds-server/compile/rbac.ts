/** Tables as Envoy's RBAC: `shadow_matcher` is what the policy says, `matcher` is the same where it is enforced. */
import type { ApplicationName } from '../policy/applications.ts'
import { defaultRuleId } from '../policy/model.ts'
import { nameLooksAtPath, requestSignature } from '../policy/request-names.ts'
import type { Branch, Predicate } from './matching.ts'
import {
  allOf,
  anyOf,
  equals,
  filterStateInput,
  firstOf,
  headerInput,
  inputs,
  matches,
  not,
  toVerdict,
} from './matching.ts'
import type { Message } from './model.ts'
import { filterState } from './names.ts'
import { portsPredicate } from './ports.ts'
import { ambiguousPath, hostRegex, isGrpc, looksAtPath, requestPredicate } from './requests.ts'
import type { Row, View } from './table.ts'
import { isUnconditional } from './table.ts'
import { any, types } from './typed.ts'

const application = filterStateInput(filterState.application)

/** An HTTP chain knows the version of its connection; gRPC shows in the request. */
const httpPredicates: Partial<Readonly<Record<ApplicationName, Predicate>>> = {
  http: equals(application, 'http'),
  http2: equals(application, 'http2'),
  grpc: isGrpc,
}

function applicationPredicate(name: string, view: View): Predicate {
  const inHttp = view === 'http' ? (httpPredicates[name as ApplicationName] ?? namedRequest(name)) : undefined
  return inHttp ?? equals(application, name)
}

/** A request that shows this name, and none that comes before it. */
function namedRequest(name: string): Predicate | undefined {
  const signature = requestSignature(name)
  if (signature === undefined) return undefined
  const { carrier, any: alternatives, but } = signature
  const others = but.length > 0 ? [not(requestPredicate(but))] : []
  return allOf([httpPredicates[carrier]!, requestPredicate(alternatives), ...others])
}

function namesPredicate(names: readonly string[], view: View): Predicate {
  const input = view === 'http' ? headerInput(':authority') : inputs.serverName
  return anyOf(names.map((name) => matches(input, hostRegex(name))))
}

/** Without the names of requests that match anyway, because their carrier does. */
const plain = (names: readonly string[]): readonly string[] =>
  names.filter((name) => !names.includes(requestSignature(name)?.carrier ?? ''))

/** Undefined: always matches. */
function rowPredicate(row: Row, view: View): Predicate | undefined {
  const parts: readonly Predicate[] = [
    ...(row.ports.length > 0 ? [portsPredicate(row.ports)] : []),
    ...(row.applications ? [anyOf(plain(row.applications).map((name) => applicationPredicate(name, view)))] : []),
    ...(row.names.length > 0 ? [namesPredicate(row.names, view)] : []),
    ...(row.requests.length > 0 ? [requestPredicate(row.requests)] : []),
  ]
  return parts.length === 0 ? undefined : allOf(parts)
}

/** Where any rule looks at paths, nobody can vouch for a path that two programs read differently. */
function slashGuard(rows: readonly Row[], view: View): readonly Branch[] {
  if (view !== 'http') return []
  const guarded = rows.some(
    (row) => row.requests.some(looksAtPath) || plain(row.applications ?? []).some(nameLooksAtPath),
  )
  return guarded ? [{ when: ambiguousPath, leads: toVerdict(defaultRuleId, 'deny') }] : []
}

function matcherOf(rows: readonly Row[], view: View): Message {
  const last = rows.at(-1)
  const always = last && isUnconditional(last) ? last : undefined
  const branches = rows.flatMap((row): readonly Branch[] => {
    const when = rowPredicate(row, view)
    return when === undefined ? [] : [{ when, leads: toVerdict(row.rule, row.action) }]
  })
  const otherwise = always ? toVerdict(always.rule, always.action) : toVerdict(defaultRuleId, 'deny')
  return firstOf([...slashGuard(rows, view), ...branches], otherwise)
}

const rbacTypes: Readonly<Record<View, string>> = {
  tcp: types.networkRbac,
  tls: types.networkRbac,
  http: types.httpRbac,
}
/** Counters are not told apart by table: the log has the rule. */
const statistics: Readonly<Record<View, Message>> = {
  tcp: { stat_prefix: 'rbac.' },
  tls: { stat_prefix: 'rbac.' },
  http: {},
}

/** The filter's configuration, with its `@type`. */
export function rbacOf(rows: readonly Row[], view: View, enforced: boolean): Message {
  const matcher = matcherOf(rows, view)
  return any(rbacTypes[view], { ...statistics[view], ...(enforced ? { matcher } : {}), shadow_matcher: matcher })
}

/** What holds while a table is missing: everything is denied. */
export function rbacWhileMissing(view: View): Message {
  return any(rbacTypes[view], { ...statistics[view], rules: {} })
}
