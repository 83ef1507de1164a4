/**
 * Paths of HTTP requests: the one spelling that rules are compared with, and the patterns of rules.
 * `normalisePath` does what Envoy 1.40 does with `normalize_path`, `merge_slashes` and
 * `path_with_escaped_slashes_action: REJECT_REQUEST`, learnt from its answers (testdata/paths.json), so that what a rule
 * is compared with here is what it is compared with there.
 */

/** Envoy answers 400 to these, in HTTP/1: not printable ASCII, or a fragment. */
const refusedAnywhere = /[^\x21-\x7e]|#/
/** A slash in disguise: what the server behind would make of it, nobody knows. */
const escapedSlash = /%(?:2f|5c)/i
/** Envoy takes path parameters off `.` and `..`, but only where the dots are not percent-encoded. */
const dotsWithParameters = /(?<=\/)(\.\.?);[^/]*/g
/** What it overlooks: `%2e%2e;x`, which is `..` to servers that ignore parameters. */
const overlookedDots = /\/\.\.?;/

/** A `%` that begins no escape, while the escapes around it are decoded: no request can have this character. */
const stray = '\0'

/**
 * Unreserved characters (RFC 3986 section 2.3) in their plain spelling. A stray `%` that would begin an escape with
 * what was decoded behind it (`%2%41`) becomes `%25`: nothing is decoded twice.
 */
function decodeUnreserved(path: string): string {
  const marked = path.replace(/%(?![0-9a-f]{2})/gi, stray)
  const decoded = marked.replace(/%[0-9a-f]{2}/gi, (triplet) => {
    const char = String.fromCharCode(Number.parseInt(triplet.slice(1), 16))
    return /[A-Za-z0-9._~-]/.test(char) ? char : triplet
  })
  return decoded.split(stray).reduce((head, tail) => `${head}${/^[0-9a-f]{2}/i.test(tail) ? '%25' : '%'}${tail}`)
}

function encodeForbidden(path: string): string {
  return path.replace(/["<>^`{|}]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** RFC 3986 section 5.2.4. Empty segments count: `/a//..` is `/a/`. */
function removeDots(path: string): string {
  const out: string[] = []
  const segments = path.split('/').slice(1)
  for (const [i, segment] of segments.entries()) {
    if (segment === '..') out.pop()
    if (segment !== '..' && segment !== '.') out.push(segment)
    else if (i === segments.length - 1) out.push('')
  }
  return `/${out.join('/')}`
}

/** Envoy leaves `//` when nothing else is there. */
function mergeSlashes(path: string): string {
  const segments = path.split('/').filter((s) => s !== '')
  const end = path.length > 1 && path.endsWith('/') ? '/' : ''
  return `/${segments.join('/')}${end}`
}

/** `http://host/a` (absolute form) → `/a`. */
function originForm(target: string): string {
  const absolute = /^https?:\/\/[^/?#]*/i.exec(target)
  return absolute === null ? target : target.slice(absolute[0].length) || '/'
}

/**
 * The path of a request target as rules and logs see it: without the query, path parameters kept. Undefined: Envoy
 * refuses the request (400). Normalising twice changes nothing.
 */
export function normalisePath(raw: string): string | undefined {
  const target = originForm(raw)
  const path = target.split('?', 1)[0]!
  if (refusedAnywhere.test(target) || escapedSlash.test(path) || !path.startsWith('/')) return undefined
  const plain = path.replace(dotsWithParameters, '$1')
  if (plain.includes('%00')) return undefined
  return mergeSlashes(encodeForbidden(removeDots(decodeUnreserved(plain).replaceAll('\\', '/'))))
}

/**
 * Programs read this path in different ways: it hides a slash, or dots. Envoy refuses the former where we tell it to
 * (Protect); rules that look at paths allow neither (`continuations.ts`).
 */
export function isAmbiguous(path: string): boolean {
  return escapedSlash.test(path) || overlookedDots.test(path)
}

/** Past a `;` a segment holds parameters, which some servers ignore: `/admin;x=1/y` is `/admin/y` to them. */
export function withoutParameters(path: string): string {
  return path.includes(';') ? path.replace(/;[^/]*/g, '') : path
}

const isParameter = (segment: string): boolean => /^\{[^{}]*\}$/.test(segment)

/** A pattern, or a path, as it is compared. */
export type Segments = readonly string[]

export const patternSegments = (pattern: string): Segments => pattern.split('/')
export const pathSegments = (path: string): Segments => withoutParameters(path).split('/')

/**
 * Does a normalised path fit `/a` (exactly), `/a/*` (also `/a` itself) or `/votes/{id}` (one non-empty segment)?
 * Path parameters are not looked at, in any segment.
 */
export function matchesSegments(pattern: Segments, path: Segments): boolean {
  const open = pattern.at(-1) === '*'
  const fixed = open ? pattern.length - 1 : pattern.length
  if (open ? path.length < fixed : path.length !== fixed) return false
  for (let i = 0; i < fixed; i++) {
    const [wanted, seen] = [pattern[i]!, path[i]!]
    if (seen !== wanted && (seen === '' || !isParameter(wanted))) return false
  }
  return true
}

/** What is wrong with a pattern, in words; undefined: it is one. A pattern no request could have is wrong. */
export function pathPatternProblem(pattern: string): string | undefined {
  if (!pattern.startsWith('/')) return `\`${pattern}\` must begin with /`
  const segments = pattern.split('/')
  if (segments.slice(0, -1).includes('*')) return `\`${pattern}\` has a * that is not its last segment`
  if (pattern.includes('?')) return `\`${pattern}\` has a query, which rules do not see`
  if (pattern.includes(';')) return `\`${pattern}\` has path parameters, which rules do not look at`
  const plain = segments.map((s) => (isParameter(s) ? 'x' : s)).join('/')
  const normal = normalisePath(plain)
  if (normal === undefined) return `\`${pattern}\` is no path that a request can have`
  if (isAmbiguous(plain)) return `\`${pattern}\` is read in different ways by different programs`
  return normal === plain ? undefined : `\`${pattern}\` is never seen like this; requests have \`${normal}\``
}
