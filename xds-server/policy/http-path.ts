/** Paths of HTTP requests: what rules compare them with. */

/** Past a `;` a segment holds parameters, which some servers ignore: `/admin;x=1/y` is `/admin/y` to them. */
function withoutParameters(path: string): string {
  return path.includes(';') ? path.replace(/;[^/]*/g, '') : path
}

function matchesSegments(pattern: readonly string[], path: readonly string[]): boolean {
  const open = pattern.at(-1) === '*'
  const fixed = open ? pattern.slice(0, -1) : pattern
  if (open ? path.length < fixed.length : path.length !== fixed.length) return false
  return fixed.every((wanted, i) => (/^\{.*\}$/.test(wanted) ? path[i] !== '' : path[i] === wanted))
}

/** Does a normalised path fit `/a` (exactly), `/a/*` (also `/a` itself) or `/votes/{id}` (one non-empty segment)? */
export function matchesPath(pattern: string, path: string): boolean {
  return matchesSegments(pattern.split('/'), withoutParameters(path).split('/'))
}
