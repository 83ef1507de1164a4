/** A judged record as what it adds to its conversation. */
import type { Delta } from './connections.ts'
import type { Addition } from './conversations.ts'
import { outcomeOf } from './inspection-events.ts'
import type { Judgement } from './judgement.ts'
import type { AccessRecord, Place } from './model.ts'

export function placeOf({ destination, application }: AccessRecord, judged: Judgement): Place {
  const { verdict, rule, mode } = judged
  const [source, target] = [judged.source.groups[0]!, judged.destination.groups[0]!]
  const ends = { source, destination: target, protocol: 'tcp', port: destination.port } as const
  return { key: { ...ends, application: application ?? 'unknown', verdict, rule }, mode }
}

export function additionOf({ record, ...delta }: Delta, place: Place, judged: Judgement): Addition {
  const { connections, requests, bytesReceived, bytesSent } = delta
  const firstSeen = connections === 1 ? Math.min(record.startedAt, record.at) : record.at
  return {
    ...place,
    ...peers(judged),
    request: record.http,
    inspection: outcomeOf(record),
    counts: { connections, requests, bytesReceived, bytesSent, firstSeen, lastSeen: record.at },
  }
}

/** An open connection that is not counted yet, as it is shown. */
export function pendingAddition(record: AccessRecord, judged: Judgement): Addition {
  const { bytesReceived, bytesSent, startedAt, at } = record
  const counts = { connections: 1, requests: 0, bytesReceived, bytesSent, firstSeen: startedAt, lastSeen: at }
  return { ...placeOf(record, judged), ...peers(judged), request: undefined, counts }
}

const peers = ({ source, destination }: Judgement) => ({ sourceIp: source.ip, destinationIp: destination.ip })
