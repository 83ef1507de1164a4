/** SMTP and LMTP (RFC 5321): the server greets with 220 and names itself; a client that does not wait says EHLO. */
import { at } from './bytes.ts'
import { contains, isPrintable, lineEnd, literal, MORE, NO, truth, within, word, YES } from './read.ts'

/** RFC 5321 section 4.5.3.1.5 */
const maxReplyLine: i32 = 512

/** `220` or a refusal (`421`, `554`) whose line says SMTP or ESMTP. */
export function smtpServer(): i32 {
  const code = literal(0, '220') | literal(0, '421') | literal(0, '554')
  const start = code & (within(3, 32, 32) | within(3, 45, 45))
  if (start !== YES) return start
  const end = lineEnd(0)
  if (end < 0) return at(maxReplyLine) < 0 ? MORE : NO
  return truth(contains(4, end, 'SMTP'))
}

/** `EHLO`, `HELO` or `LHLO` and one word. */
export function smtpClient(): i32 {
  const verb = word(0, 'EHLO ') | word(0, 'HELO ') | word(0, 'LHLO ')
  if (verb !== YES) return verb
  const end = lineEnd(5)
  for (let i: i32 = 5; i < (end < 0 ? maxReplyLine : end - 1); i++) {
    if (at(i) < 0) return MORE
    if (!isPrintable(at(i))) return NO
  }
  return end < 0 ? NO : truth(end > 6)
}
