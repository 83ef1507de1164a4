/** What records add to conversations, for tests. */
import type { Addition } from '../conversations.ts'
import { noCounts } from '../counts.ts'
import type { ConversationKey } from '../model.ts'
import { epoch } from './records.ts'

export const aKey = (more: Partial<ConversationKey> = {}): ConversationKey => ({
  source: 'nv.app.lab',
  destination: 'nv.db.lab',
  protocol: 'tcp',
  port: 5432,
  application: 'postgresql',
  verdict: 'allow',
  rule: 'app-db',
  ...more,
})

/** One connection of 10 bytes in and 20 out at `at`. */
export const anAddition = (key: Partial<ConversationKey> = {}, more: Partial<Addition> & { at?: number } = {}): Addition => {
  const { at = epoch, ...rest } = more
  return {
    key: aKey(key),
    mode: 'protect',
    sourceIp: '10.22.0.11',
    destinationIp: '10.22.0.13',
    request: undefined,
    counts: { ...noCounts(), connections: 1, bytesReceived: 10, bytesSent: 20, firstSeen: at, lastSeen: at },
    ...rest,
  }
}
