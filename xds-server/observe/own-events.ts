/** Events that are no conversation's: what people changed, and what observation has to say about itself. */
import type { RevisionInfo } from '../store/model.ts'
import type { NewEvent } from './events.ts'

/** Shorter gaps are an upgrade or a restart nobody needs to look at twice: sidecars hold records back for a second. */
const gapMilliseconds = 10_000

/** An event that is about no traffic. */
export const noTraffic = {
  source: undefined,
  destination: undefined,
  port: undefined,
  application: undefined,
  rule: undefined,
  action: undefined,
  mode: undefined,
  incident: undefined,
  http: undefined,
  trace: undefined,
} as const

/** Nobody listened for a while: enforcement went on, but what happened then is not in the map. */
export function gapEvent(last: number | undefined, now: number): NewEvent | undefined {
  if (last === undefined || now - last < gapMilliseconds) return undefined
  const seconds = Math.round((now - last) / 1000)
  const message = `No access logs were received for ${seconds} s (since ${new Date(last).toISOString()}): sidecars enforced, nothing was recorded`
  return { ...noTraffic, kind: 'enforcement', severity: 'low', time: now, message }
}

export function setAsideEvent(path: string, now: number): NewEvent {
  const message = `The history of conversations and events was damaged and is now at ${path}; a new one was begun`
  return { ...noTraffic, kind: 'enforcement', severity: 'high', time: now, message }
}

/** Who changed what: one for each revision of a document. */
export function auditEvent({ document, revision, author, summary, at }: RevisionInfo): NewEvent {
  const what = summary === '' ? '' : `: ${summary}`
  const message = `${author} changed the ${document} (revision ${revision})${what}`
  return { ...noTraffic, kind: 'audit', severity: 'info', time: Date.parse(at), message }
}

export function fullEvent(now: number): NewEvent {
  const message = 'The rule list is full: nothing more is learned until rules are merged or deleted'
  return { ...noTraffic, kind: 'enforcement', severity: 'high', time: now, message }
}
