/** The rsync daemon protocol: both sides open with `@RSYNCD: 31.0`; a server may refuse with `@ERROR`. */
import { literal, within } from './read.ts'

export function rsyncClient(): i32 {
  return literal(0, '@RSYNCD: ') & within(9, 48, 57)
}

export function rsyncServer(): i32 {
  return rsyncClient() | literal(0, '@ERROR: ')
}
