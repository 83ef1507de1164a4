/** What the `http` part of a rule says about a request. The path's spelling is settled before, by `http-path.ts`. */
import { matchesHost, normaliseHost } from './fqdn.ts'
import type { Segments } from './http-path.ts'
import { matchesSegments, pathSegments, patternSegments } from './http-path.ts'
import type { HeaderMatch, HttpMatch, HttpRequest } from './model.ts'

const anyOf = <T>(wanted: readonly T[], fits: (one: T) => boolean): boolean =>
  wanted.length === 0 || wanted.some((one) => fits(one))

function matchesHeader(wanted: HeaderMatch, headers: HttpRequest['headers']): boolean {
  const value = Object.hasOwn(headers, wanted.name) ? headers[wanted.name] : undefined
  if (value === undefined) return false
  if ('exact' in wanted) return value === wanted.exact
  return 'prefix' in wanted ? value.startsWith(wanted.prefix) : true
}

/** `package.Service/Method` or `package.Service/*`. */
function matchesGrpc(wanted: string, seen: string | undefined): boolean {
  if (seen === undefined) return false
  return wanted.endsWith('/*') ? seen.startsWith(wanted.slice(0, -1)) : seen === wanted
}

/** Split once for each rule and each request, not for each pair of them. */
const patterns = new WeakMap<HttpMatch, readonly Segments[]>()
const paths = new WeakMap<HttpRequest, Segments>()

function once<K extends object, V>(known: WeakMap<K, V>, key: K, make: (key: K) => V): V {
  let value = known.get(key)
  if (value === undefined) {
    value = make(key)
    known.set(key, value)
  }
  return value
}

function matchesPaths(match: HttpMatch, request: HttpRequest): boolean {
  if (match.paths.length === 0) return true
  const path = once(paths, request, (it) => pathSegments(it.path))
  return once(patterns, match, (it) => it.paths.map(patternSegments)).some((pattern) => matchesSegments(pattern, path))
}

/** Does one alternative fit the request? All its parts must; any member of each part is enough; no member is any. */
export function matchesHttp(match: HttpMatch, request: HttpRequest): boolean {
  return (
    anyOf(match.methods, (m) => m === request.method) &&
    matchesPaths(match, request) &&
    anyOf(match.hosts, (h) => matchesHost(h, normaliseHost(request.host))) &&
    anyOf(match.headers, (h) => matchesHeader(h, request.headers)) &&
    anyOf(match.grpc, (g) => matchesGrpc(g, request.grpc))
  )
}

/** An alternative without any condition fits every request, without having seen it. */
export function isAnyRequest(match: HttpMatch): boolean {
  return [match.methods, match.paths, match.hosts, match.headers, match.grpc].every((part) => part.length === 0)
}

/** Does this alternative depend on how the path is spelt? */
export function looksAtPath(match: HttpMatch): boolean {
  return match.paths.length > 0 || match.grpc.length > 0
}
