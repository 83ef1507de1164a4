/** SMTP and LMTP (RFC 5321, RFC 2033): the server greets with 220 and says what it speaks; the client says EHLO and its name. */
import { at } from './bytes.ts'
import { contains, is, isPrintable, lineEnd, literal, MORE, NO, newline, truth, within, word, YES } from './read.ts'

/** RFC 5321 section 4.5.3.1.5 */
const maxLineBytes: i32 = 512

/** `220` or a refusal (`421`, `554`) whose line says SMTP, ESMTP or LMTP. */
export function smtpServer(): i32 {
  const code = literal(0, '220') | literal(0, '421') | literal(0, '554')
  const start = code & (is(3, 32) | is(3, 45))
  if (start !== YES) return start
  const end = lineEnd(0)
  if (end < 0) return at(maxLineBytes) < 0 ? MORE : NO
  return truth(contains(4, end, 'SMTP') || contains(4, end, 'LMTP'))
}

/** `EHLO`, `HELO` or `LHLO` and a name. */
export function smtpClient(): i32 {
  const verb = word(0, 'EHLO ') | word(0, 'HELO ') | word(0, 'LHLO ')
  if (verb !== YES) return verb
  let i: i32 = 5
  while (i < maxLineBytes && isPrintable(at(i))) i++
  return i === 5 ? within(5, 33, 126) : i === maxLineBytes ? NO : newline(i)
}
