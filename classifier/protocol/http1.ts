/** HTTP/1.x (RFC 9112): the client's request line, the server's status line. */
import { at } from './bytes.ts'
import { literal, MORE, NO, newline, within, YES } from './read.ts'

/** Longest method we believe: `BASELINE-CONTROL` has 16. */
const maxMethodBytes: i32 = 20

/** Where the method ends, or -1 where this is none; one past the window while it may go on. */
function methodEnd(): i32 {
  let i: i32 = 0
  while (i <= maxMethodBytes) {
    const c = at(i)
    if (!((c >= 65 && c <= 90) || c === 45)) break
    i++
  }
  return i > maxMethodBytes ? -1 : i
}

/** A method whose request line nobody else's protocol can be, even where its end is not in the window. */
function commonMethod(): bool {
  return (
    (literal(0, 'GET /') |
      literal(0, 'POST /') |
      literal(0, 'PUT /') |
      literal(0, 'HEAD /') |
      literal(0, 'DELETE /') |
      literal(0, 'PATCH /') |
      literal(0, 'OPTIONS /')) ===
    YES
  )
}

/**
 * `METHOD target HTTP/1.x`. Spaces within the target are no valid HTTP, but attackers send them and servers take them. A
 * line longer than the window is believed of a common method with a path.
 */
export function http1Client(end: bool): i32 {
  const space = methodEnd()
  if (space < 0) return NO
  if (at(space) < 0) return MORE
  if (space < 3 || at(space) !== 32) return NO
  let i: i32 = space + 1
  let spaces: i32 = 0
  while (at(i) >= 32 && at(i) !== 127) {
    if (at(i) === 32) spaces++
    i++
  }
  if (at(i) < 0) return end && commonMethod() ? YES : MORE
  const version = i < space + 11 ? NO : literal(i - 9, ' HTTP/1.') & within(i - 1, 48, 57)
  const version09 = spaces === 0 ? literal(0, 'GET /') : NO
  return newline(i) & (version | version09)
}

/** `HTTP/1.x NNN`. */
export function http1Server(): i32 {
  const line = literal(0, 'HTTP/1.') & within(7, 48, 57) & within(8, 32, 32) & within(9, 49, 53)
  if (line !== YES) return line
  return within(10, 48, 57) & within(11, 48, 57) & (within(12, 32, 32) | newline(12))
}
