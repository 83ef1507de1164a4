/** Redis (RESP2, RESP3) and its kin: commands as arrays of bulk strings, or inline; replies that no other protocol gives. */
import { at } from './bytes.ts'
import { afterDigits, is, isLetter, isPrintable, literal, MORE, newline, truth, within, word, YES } from './read.ts'

/** Arguments of a command: 1,048,576 at most, 7 digits. */
const maxCountDigits: i32 = 7
/** The longest command name is shorter than 100. */
const maxNameDigits: i32 = 2

/** `*n`, `$m`, the command's name; or an inline command. */
export function redisClient(): i32 {
  const array = is(0, 42)
  if (array !== YES) return array | inline()
  const count = afterDigits(1, maxCountDigits)
  const header = within(1, 49, 57) & literal(count, '\r\n$')
  if (header !== YES) return header
  const length = afterDigits(count + 3, maxNameDigits)
  const name = within(count + 3, 49, 57) & literal(length, '\r\n')
  if (name !== YES) return name
  return at(length + 2) < 0 ? MORE : truth(isLetter(at(length + 2)))
}

/** Commands that people and probes type, and that no other text protocol has. `GET` in small letters is Memcached's. */
function inline(): i32 {
  const bare = alone('PING') | alone('INFO') | alone('DBSIZE') | alone('COMMAND') | alone('MONITOR') | alone('FLUSHALL')
  const given =
    argument('INFO ') |
    argument('SELECT ') |
    argument('KEYS ') |
    argument('CONFIG GET ') |
    argument('CLIENT ') |
    argument('PUBLISH ')
  const data =
    literal(0, 'GET ') | literal(0, 'SET ') | literal(0, 'DEL ') | literal(0, 'INCR ') | literal(0, 'EXISTS ')
  return bare | given | (data & key()) | (word(0, 'HELLO ') & within(6, 50, 51) & (newline(7) | is(7, 32)))
}

function alone(command: string): i32 {
  return word(0, command) & newline(command.length)
}

/** A command, and a rest of the line in printable characters. */
function argument(command: string): i32 {
  return word(0, command) & printableLine(command.length)
}

/** A key or more arguments, but nothing that could be a path or a request line of HTTP. */
function key(): i32 {
  let i: i32 = 0
  while (at(i) > 32) i++
  const first = at(i + 1)
  return first < 0 ? MORE : truth(isLetter(first)) & printableLine(i + 1)
}

function printableLine(from: i32): i32 {
  let i: i32 = from
  while (isPrintable(at(i)) && at(i) !== 47) i++
  return i === from ? within(from, 33, 126) : newline(i)
}

/** What a server says unasked (refusals), what only Redis says, and RESP3's answer to HELLO. */
export function redisServer(): i32 {
  const refusal = literal(0, '-DENIED Redis') | literal(0, '-ERR max number of clients') | literal(0, '-NOAUTH ')
  const reply = literal(0, '+PONG\r\n') | literal(0, '-WRONGPASS ') | literal(0, '-LOADING ') | literal(0, '-MISCONF ')
  const error =
    literal(0, '-ERR unknown command') | literal(0, '-ERR wrong number of arguments') | literal(0, '-NOPERM ')
  return refusal | reply | error | (is(0, 37) & within(1, 49, 57) & literal(2, '\r\n$6\r\nserver\r\n')) | info()
}

/** The answer to INFO or a bulk string: `$n`, then text that starts like INFO's. */
function info(): i32 {
  return is(0, 36) & within(1, 49, 57) & literal(afterDigits(1, maxCountDigits), '\r\n# Server\r\n')
}
