/** NATS client protocol: the server greets with INFO and JSON; clients answer CONNECT and JSON. */
import { is, literal } from './read.ts'

export function natsServer(): i32 {
  return literal(0, 'INFO {') & (is(6, 34) | is(6, 32) | is(6, 125))
}

export function natsClient(): i32 {
  return literal(0, 'CONNECT {') & (is(9, 34) | is(9, 32) | is(9, 125))
}
