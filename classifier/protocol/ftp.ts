/** FTP (RFC 959): the server greets with 220 and free text. */
import { at } from './bytes.ts'
import { contains, lineEnd, literal, MORE, NO, truth, within, YES } from './read.ts'

/** Longer greetings than this are nobody's. */
const maxReplyLine: i32 = 512

/** `220` and a line that says FTP (vsFTPd, ProFTPD, Pure-FTPd, pyftpdlib …) or FileZilla. */
export function ftpServer(): i32 {
  const start = (literal(0, '220') | literal(0, '421')) & (within(3, 32, 32) | within(3, 45, 45))
  if (start !== YES) return start
  const end = lineEnd(0)
  if (end < 0) return at(maxReplyLine) < 0 ? MORE : NO
  return truth(contains(4, end, 'FTP') || contains(4, end, 'FILEZILLA'))
}
