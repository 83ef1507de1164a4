/** SSH (RFC 4253 section 4.2): either side may speak first; a server may put lines of text before its version. */
import { at, size } from './bytes.ts'
import { isPrintable, lineEnd, literal, MORE, NO, YES } from './read.ts'

function version(from: i32): i32 {
  return literal(from, 'SSH-2.0-') | literal(from, 'SSH-1.')
}

export function sshClient(): i32 {
  return version(0)
}

export function sshServer(): i32 {
  return version(0)
}

/** Lines of text, then the version. */
export function sshPreamble(): i32 {
  for (let line: i32 = 0; line >= 0; line = next(line)) if (version(line) === YES) return YES
  return isText() ? MORE : NO
}

function next(line: i32): i32 {
  const end = lineEnd(line)
  return end < 0 ? -1 : end + 1
}

function isText(): bool {
  for (let i: i32 = 0; i < size(); i++) {
    const c = at(i)
    if (!isPrintable(c) && c !== 13 && c !== 10 && c !== 9) return false
  }
  return true
}
