/** MQTT 3.1, 3.1.1 and 5 (OASIS): CONNECT, and the server's CONNACK. */
import { at } from './bytes.ts'
import { clear, is, literal, MORE, NO, truth, within, YES } from './read.ts'

const connect: i32 = 0x10
const connack: i32 = 0x20
/** Bridges set the top bit of the protocol level. */
const bridge: i32 = 0x80

/** Where the remaining-length field (1 to 4 bytes, 7 bits each) ends; -1 while it goes on, -2 where it is illegal. */
function afterLength(): i32 {
  for (let i: i32 = 1; i <= 4; i++) {
    if (at(i) < 0) return -1
    if (at(i) < 0x80) return i + 1
  }
  return -2
}

/** Its value, up to three bytes of it: a CONNECT of more than 2 MB is nobody's. */
function remaining(): i32 {
  if (at(1) < 0x80) return at(1)
  if (at(2) < 0x80) return (at(1) & 0x7f) | (at(2) << 7)
  return (at(1) & 0x7f) | ((at(2) & 0x7f) << 7) | (at(3) << 14)
}

export function mqttClient(): i32 {
  if (is(0, connect) !== YES) return is(0, connect)
  const name: i32 = afterLength()
  if (name < 0) return name === -1 ? MORE : NO
  if (remaining() < 12) return NO
  const version311 =
    literal(name, '\0\x04MQTT') & (within(name + 6, 4, 5) | is(name + 6, 4 | bridge)) & reserved(name + 7)
  const version31 = literal(name, '\0\x06MQIsdp') & (is(name + 8, 3) | is(name + 8, 3 | bridge)) & reserved(name + 9)
  return version311 | version31
}

/** The lowest connect flag is reserved and must be zero. */
function reserved(i: i32): i32 {
  return clear(i, 1)
}

/** Session-present flag and a return code; in version 5 properties follow, whose length must fit. */
export function mqttServer(): i32 {
  const start = is(0, connack) & within(1, 2, 127) & within(2, 0, 1)
  if (start !== YES) return start
  if (at(1) === 2) return within(3, 0, 5)
  return (is(3, 0) | within(3, 0x80, 0x9f)) & (at(4) < 0 ? MORE : truth(at(4) === at(1) - 3))
}
