/** Redis (RESP2, RESP3) and its kin: commands as arrays of bulk strings, or inline; replies that no other protocol gives. */
import { at } from './bytes.ts'
import { afterDigits, is, isLetter, literal, MORE, newline, truth, within, word, YES } from './read.ts'

/** Arguments of a command: 1,048,576 at most, 7 digits. */
const maxCountDigits: i32 = 7
/** The longest command name is shorter than 100. */
const maxNameDigits: i32 = 2

/** `*n`, `$m`, the command's name. */
export function redisClient(): i32 {
  if (is(0, 42) !== YES) return is(0, 42) | inline()
  const count = afterDigits(1, maxCountDigits)
  const header = within(1, 49, 57) & literal(count, '\r\n$')
  if (header !== YES) return header
  const length = afterDigits(count + 3, maxNameDigits)
  const name = within(count + 3, 49, 57) & literal(length, '\r\n')
  if (name !== YES) return name
  return at(length + 2) < 0 ? MORE : truth(isLetter(at(length + 2)))
}

/** Commands that people and probes type, and that no other text protocol has. */
function inline(): i32 {
  const bare = alone('PING') | alone('INFO') | alone('DBSIZE') | alone('COMMAND') | alone('MONITOR')
  return bare | (literal(0, 'HELLO ') & within(6, 50, 51) & newline(7))
}

function alone(command: string): i32 {
  return word(0, command) & newline(command.length)
}

/** What a server says unasked (refusals) and what only Redis says. */
export function redisServer(): i32 {
  const refusal = literal(0, '-DENIED Redis') | literal(0, '-ERR max number of clients') | literal(0, '-NOAUTH ')
  const reply = literal(0, '+PONG\r\n') | literal(0, '-WRONGPASS ') | literal(0, '-LOADING ') | literal(0, '-MISCONF ')
  return refusal | reply
}
