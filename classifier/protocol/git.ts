/** The git daemon protocol (gitprotocol-pack): pkt-lines, four hex digits of length first. */
import { at } from './bytes.ts'
import { isDigit, literal, MORE, NO, truth, within, YES } from './read.ts'

function hex(c: i32): i32 {
  return isDigit(c) ? c - 48 : c >= 97 && c <= 102 ? c - 87 : -1
}

/** The length of the first pkt-line, its own four digits included; -1 while it is not there, -2 where it is none. */
function length(): i32 {
  let value: i32 = 0
  for (let i: i32 = 0; i < 4; i++) {
    if (at(i) < 0) return -1
    if (hex(at(i)) < 0) return -2
    value = (value << 4) | hex(at(i))
  }
  return value
}

/** `git-upload-pack /path`, a zero, `host=…`. */
export function gitClient(): i32 {
  const bytes = length()
  if (bytes < 0) return bytes === -1 ? MORE : NO
  const service = literal(4, 'git-upload-pack ') | literal(4, 'git-receive-pack ') | literal(4, 'git-upload-archive ')
  return truth(bytes >= 4 + 16) & service
}

/** `version 1` or `2`, an object id and a name, or an error. */
export function gitServer(): i32 {
  const bytes = length()
  if (bytes < 0) return bytes === -1 ? MORE : NO
  const version = truth(bytes === 14) & literal(4, 'version ') & within(12, 49, 50)
  return version | literal(4, 'ERR ') | (truth(bytes > 45) & objectId())
}

/** 40 hex digits and a space. */
function objectId(): i32 {
  for (let i: i32 = 4; i < 44; i++) {
    if (at(i) < 0) return MORE
    if (hex(at(i)) < 0) return NO
  }
  return at(44) < 0 ? MORE : at(44) === 32 ? YES : NO
}
