/** A judged record as what it adds to its conversation. */
import type { Delta } from './connections.ts'
import type { Addition } from './conversations.ts'
import type { Judgement } from './judgement.ts'
import type { AccessRecord, ConversationKey } from './model.ts'

export function additionOf({ record, ...delta }: Delta, judged: Judgement): Addition {
  const { connections, requests, bytesReceived, bytesSent } = delta
  const firstSeen = connections === 1 ? Math.min(record.startedAt, record.at) : record.at
  return {
    ...shared(record, judged),
    request: record.http,
    counts: { connections, requests, bytesReceived, bytesSent, firstSeen, lastSeen: record.at },
  }
}

/** An open connection that is not counted yet, as it is shown. */
export function pendingAddition(record: AccessRecord, judged: Judgement): Addition {
  const { bytesReceived, bytesSent, startedAt, at } = record
  const counts = { connections: 1, requests: 0, bytesReceived, bytesSent, firstSeen: startedAt, lastSeen: at }
  return { ...shared(record, judged), request: undefined, counts }
}

function shared(record: AccessRecord, judged: Judgement) {
  const { source, destination, decision } = judged
  const key: ConversationKey = {
    source: source.groups[0]!,
    destination: destination.groups[0]!,
    protocol: 'tcp',
    port: record.destination.port,
    application: record.application ?? 'unknown',
    verdict: judged.verdict,
    rule: judged.rule,
  }
  return { key, mode: decision.mode.mode, sourceIp: source.ip, destinationIp: destination.ip }
}
