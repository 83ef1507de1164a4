/** POP3 (RFC 1939): the server greets `+OK` and some text (a bare `+OK` is also a Redis or NATS reply). */
import { literal, newline, within, word } from './read.ts'

export function pop3Server(): i32 {
  return literal(0, '+OK ') & (within(4, 32, 126) | within(4, 0x80, 0xff))
}

/** Commands that only POP3 has; USER is FTP's too. */
export function pop3Client(): i32 {
  return ((word(0, 'CAPA') | word(0, 'STLS')) & newline(4)) | (word(0, 'APOP ') & within(5, 33, 126))
}
