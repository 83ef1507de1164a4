/**
 * The `http` part of a rule as Envoy predicates: the same meaning as `policy/http.ts` gives it, over what HCM hands on
 * (path normalised and slashes merged). Paths still carry their query, so every pattern allows for one.
 * `\C` is any byte: `.` would let invalid UTF-8 slip past a deny. One expression for each pattern: Envoy bounds the
 * size of each.
 */
import type { HeaderMatch, HttpMatch, Rule } from '../policy/model.ts'
import { requestSignature } from '../policy/request-names.ts'
import type { Predicate } from './matching.ts'
import { allOf, anyOf, equals, filterStateInput, headerInput, matches, startsWith } from './matching.ts'
import { filterState } from './names.ts'

/** RE2: a backslash before anything that is not a letter, digit or `_`. */
function quoteRegex(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, '\\$&')
}

/** What follows `;` in a segment is no part of it. */
const parameters = '(?:;[^/?]*)?'
const query = '(?:\\?\\C*)?'

function segmentRegex(segment: string): string {
  return (/^\{[^{}]*\}$/.test(segment) ? '[^/;?]+' : quoteRegex(segment)) + parameters
}

/** `/a` exactly, `/a/*` also `/a` itself, `{x}` one non-empty segment. */
export function pathRegex(pattern: string): string {
  const segments = pattern.split('/').slice(1)
  const open = segments.at(-1) === '*'
  const fixed = (open ? segments.slice(0, -1) : segments).map((segment) => `/${segmentRegex(segment)}`).join('')
  return fixed + (open ? '(?:[/?]\\C*)?' : query)
}

/** Any case, any port, one trailing dot; `*.` is one label or more. */
export function hostRegex(pattern: string): string {
  const wild = pattern.startsWith('*.')
  return `(?i)${wild ? '\\C+' : ''}${quoteRegex(wild ? pattern.slice(1) : pattern)}\\.?(?::[0-9]*)?`
}

const path = headerInput(':path')

function headerPredicate(header: HeaderMatch): Predicate {
  const input = headerInput(header.name)
  if ('exact' in header) return equals(input, header.exact)
  // an empty prefix is no prefix to Envoy
  if ('prefix' in header && header.prefix !== '') return startsWith(input, header.prefix)
  return matches(input, '\\C*')
}

/** gRPC is HTTP/2 with its own content type. */
export const isGrpc: Predicate = allOf([
  equals(filterStateInput(filterState.application), 'http2'),
  matches(headerInput('content-type'), 'application/grpc(?:[+;]\\C*)?'),
])

function grpcPredicate(methods: readonly string[]): Predicate {
  const regexes = methods.map((method) =>
    method.endsWith('/*') ? `/${quoteRegex(method.slice(0, -1))}\\C*` : `/${quoteRegex(method)}${query}`,
  )
  return allOf([isGrpc, anyOf(regexes.map((regex) => matches(path, regex)))])
}

/** Does this alternative look at paths, so that how a path is spelt matters? */
export function looksAtPath(match: HttpMatch): boolean {
  return match.paths.length > 0 || match.grpc.length > 0
}

/**
 * A path that hides a slash, or dots that Envoy's normalisation overlooks (`%2e%2e;x`): what it names depends on who
 * reads it. The same as `isAmbiguous` in policy/http-path.ts.
 */
export const ambiguousPath: Predicate = matches(path, '(?i)[^?]*(?:%(?:2f|5c)|/\\.\\.?;)\\C*')

/** Everything a rule asks of requests, by its http part or by a name that requests show. */
export function requestsOf({ http, applications }: Rule): readonly HttpMatch[] {
  const named = applications.flatMap((name) => {
    const signature = requestSignature(name)
    return signature === undefined ? [] : [...signature.any, ...signature.but]
  })
  return [...http, ...named]
}

function alternativePredicate({ methods, paths, hosts, headers, grpc }: HttpMatch): Predicate {
  const parts: readonly (readonly Predicate[])[] = [
    methods.map((method) => equals(headerInput(':method'), method)),
    paths.map((pattern) => matches(path, pathRegex(pattern))),
    hosts.map((pattern) => matches(headerInput(':authority'), hostRegex(pattern))),
    headers.map(headerPredicate),
    grpc.length > 0 ? [grpcPredicate(grpc)] : [],
  ]
  return allOf(parts.filter((part) => part.length > 0).map(anyOf))
}

/** At least one alternative, none of which is any request. */
export function requestPredicate(alternatives: readonly HttpMatch[]): Predicate {
  return anyOf(alternatives.map(alternativePredicate))
}
