/** FTP (RFC 959): the server greets with 220 and free text; clients say what no other protocol's clients say. */
import { at } from './bytes.ts'
import { contains, isPrintable, lineEnd, literal, MORE, NO, newline, truth, within, word, YES } from './read.ts'

/** Longer first lines than this are nobody's. */
const maxLineBytes: i32 = 512

/** `220`, a space or hyphen, and a whole line: FTP's greeting, and SMTP's. */
export function greets220(): i32 {
  const start = literal(0, '220') & (within(3, 32, 32) | within(3, 45, 45))
  if (start !== YES) return start
  return lineEnd(0) >= 0 ? YES : at(maxLineBytes) < 0 ? MORE : NO
}

/** The line says FTP (vsFTPd, ProFTPD, Pure-FTPd, pyftpdlib …) or FileZilla; or a refusal that does. */
export function ftpServer(): i32 {
  const code = literal(0, '421 ') | literal(0, '500 ') | literal(0, '530 ')
  const refusal = code & (lineEnd(0) >= 0 ? YES : at(maxLineBytes) < 0 ? MORE : NO)
  const line = greets220() | refusal
  if (line !== YES) return line
  return truth(contains(4, lineEnd(0), 'FTP') || contains(4, lineEnd(0), 'FILEZILLA'))
}

/** Commands that only FTP has, and the user name that stands for nobody. */
export function ftpClient(): i32 {
  const bare = alone('FEAT') | alone('SYST') | alone('PASV') | alone('EPSV') | alone('AUTH TLS') | alone('AUTH SSL')
  return bare | word(0, 'USER ANONYMOUS\r\n') | word(0, 'USER FTP\r\n') | word(0, 'OPTS UTF8')
}

function alone(command: string): i32 {
  return word(0, command) & newline(command.length)
}

/** `USER` and one name: after a 220 it is FTP (elsewhere it may be POP3). */
export function ftpUser(): i32 {
  const verb = word(0, 'USER ')
  if (verb !== YES) return verb
  let i: i32 = 5
  while (isPrintable(at(i)) && at(i) !== 32) i++
  return i === 5 ? within(5, 33, 126) : newline(i)
}
