/** IMAP4 (RFC 9051): the server greets `* OK`, `* PREAUTH` or `* BYE`; client commands carry a tag. */
import { at } from './bytes.ts'
import { is, isDigit, isLetter, literal, MORE, NO, newline, word } from './read.ts'

/** Clients count their tags: `a1`, `A0001`, `12.3`. */
const maxTagBytes: i32 = 16

export function imapServer(): i32 {
  const status = word(2, 'OK') & (is(4, 32) | newline(4))
  return literal(0, '* ') & (status | word(2, 'PREAUTH ') | word(2, 'BYE '))
}

export function imapClient(): i32 {
  let i: i32 = 0
  while (i <= maxTagBytes && (isLetter(at(i)) || isDigit(at(i)) || at(i) === 46)) i++
  if (at(i) < 0) return i > maxTagBytes ? NO : MORE
  if (i === 0 || i > maxTagBytes || at(i) !== 32) return NO
  const bare = alone(i, 'CAPABILITY') | alone(i, 'STARTTLS') | alone(i, 'NOOP') | alone(i, 'LOGOUT')
  return bare | word(i + 1, 'LOGIN ') | word(i + 1, 'AUTHENTICATE ') | word(i + 1, 'ID (') | word(i + 1, 'ID NIL')
}

function alone(space: i32, command: string): i32 {
  return word(space + 1, command) & newline(space + 1 + command.length)
}
