/** AMQP 0-8, 0-9-1, 0-10 and 1.0: the protocol header; a broker answers with Connection.Start (0-9-1) or its own header. */
import { be16, be32, has, is, literal, truth, within, YES, zeros } from './read.ts'

const frameMethod: i32 = 1
const classConnection: i32 = 10
const methodStart: i32 = 10

/** `AMQP`, protocol id (0 plain, 2 TLS, 3 SASL; 1 in old versions), major, minor, revision. */
export function amqpClient(): i32 {
  const version1 = within(4, 0, 3) & is(5, 1) & is(6, 0) & is(7, 0)
  const version09 = is(4, 0) & is(5, 0) & is(6, 9) & within(7, 0, 1)
  const older = is(4, 1) & is(5, 1) & ((is(6, 0) & within(7, 9, 10)) | (within(6, 8, 9) & within(7, 0, 1)))
  return literal(0, 'AMQP') & (version1 | version09 | older)
}

export function amqpServer(): i32 {
  const frame = is(0, frameMethod) & zeros(1, 3) & is(3, 0) & has(11)
  if (frame !== YES) return frame | amqpClient()
  return truth(be32(3) >= 20 && be16(7) === classConnection && be16(9) === methodStart)
}
