/** One event instead of many that a limit kept out: how many there were, and what they have in common. */
import type { NewEvent } from './events.ts'
import type { PosternEvent } from './model.ts'
import { noTraffic } from './own-events.ts'

/** What kept an event out. `sort`: one sort of event; `family`: all together; `memory`: too many sorts at once. */
export type Limit = 'sort' | 'family' | 'memory'

/** Incident ids kept of one summary or merged event; further ones can not be looked up. */
const maxIncidents = 1_000

export type Summary = {
  readonly sample: NewEvent
  readonly since: number
  count: number
  last: number
  readonly incidents: Set<string>
}

/** Only the limit of one sort lets something be said of all of them. */
export const startSummary = (sample: NewEvent, limit: Limit, now: number): Summary => ({
  sample:
    limit === 'sort'
      ? withoutPeers(sample)
      : { ...unnamed, kind: sample.kind, severity: sample.severity, time: sample.time },
  since: now,
  count: 0,
  last: sample.time,
  incidents: new Set(),
})

/** What all of a sort have in common; the trace and the request stay as an example. */
function withoutPeers(event: NewEvent): NewEvent {
  const group = (peer: NewEvent['source']) =>
    peer && { group: peer.group, workload: undefined, namespace: undefined, ip: undefined }
  const message = `like: ${event.message}`
  return { ...event, message, source: group(event.source), destination: group(event.destination), incident: undefined }
}

/** All that is known of a flood that came from everywhere. */
const unnamed = { ...noTraffic, message: 'of many kinds' }

/** As it is stored. */
export const summaryEvent = ({ sample, count, last }: Summary): Omit<PosternEvent, 'id'> => ({
  ...sample,
  message: `${count} more in a short time, counted here instead of stored one by one, ${sample.message}`,
  lastTime: last,
  count,
})

export function addTo(summary: Summary, event: NewEvent): void {
  summary.count += 1
  summary.last = Math.max(summary.last, event.time)
  remember(summary.incidents, event.incident)
}

export function remember(incidents: Set<string>, incident: string | undefined): void {
  if (incident !== undefined && incidents.size < maxIncidents) incidents.add(incident)
}
