/** Kafka's request header (protocol guide, "Request Header"): size, API key, version, correlation id, client id. */
import { at } from './bytes.ts'
import { be16, be32, has, is, isPrintable, MORE, NO, truth, within, YES } from './read.ts'

const apiVersions: i32 = 18
/** Past it brokers refuse a request unread (socket.request.max.bytes). */
const maxRequestBytes: i32 = 104857600
const maxApiKey: i32 = 92
const maxApiVersion: i32 = 20

export function kafkaClient(): i32 {
  const header = within(0, 0, 6) & is(4, 0) & within(5, 0, maxApiKey) & is(6, 0) & within(7, 0, maxApiVersion) & has(14)
  if (header !== YES) return header
  const length = be32(0)
  if (length < 10 || length > maxRequestBytes) return NO
  if (be16(12) === 0xffff) return truth(at(5) === apiVersions && length === 10)
  const id = clientId()
  const body: i32 = length - 10 - be16(12)
  // the first versions of ApiVersions have no body; old librdkafka sends an empty array
  return at(5) === apiVersions && at(7) < 3 ? id & truth(body === 0 || body === 4) : id & truth(body > 0)
}

/** Printable, not empty. */
function clientId(): i32 {
  const length = be16(12)
  if (length < 1 || length > 255) return NO
  for (let i: i32 = 14; i < 14 + length; i++) {
    if (at(i) < 0) return MORE
    if (!isPrintable(at(i))) return NO
  }
  return YES
}
