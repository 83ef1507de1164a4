/** Paths that differ only in an identifier are one request kind: `/votes/17` and `/votes/18` are `/votes/{id}`. */

/** Numbers, UUIDs, and hex of 8 digits or more with a digit in it (`deadbeef` may be a word). */
const identifier = /^(\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?=[0-9a-f]*\d)[0-9a-f]{8,})$/i

/** Without the query. The result is a pattern that a rule can have, and matches the path. */
export function pathTemplate(path: string): string {
  const plain = path.split('?', 1)[0]!
  if (!/\d/.test(plain)) return plain
  return plain
    .split('/')
    .map((segment) => (identifier.test(segment) ? '{id}' : segment))
    .join('/')
}
