/** The event of a conversation that the policy does not allow: what happened, in words, with the decision's trace. */
import type { Directory } from '../policy/directory.ts'
import { defaultRuleId, type Endpoint, uninspectedRuleId } from '../policy/model.ts'
import type { NewEvent } from './events.ts'
import type { Judgement } from './judgement.ts'
import type { AccessRecord, EventKind, EventPeer, Severity } from './model.ts'

/** Another application on a port than its rules name is rarely an accident. */
const severities: Readonly<Partial<Record<EventKind, Severity>>> = { violation: 'medium', mismatch: 'high' }

/** Of a verdict that is not `allow`. */
export function violationEvent(record: AccessRecord, judged: Judgement, directory: Directory): NewEvent {
  const { decision, rule, verdict, mode } = judged
  const expected = expectedApplications(record, judged, directory)
  const kind = expected.length > 0 ? 'mismatch' : 'violation'
  const denied = verdict === 'deny'
  return {
    kind,
    severity: severities[kind]!,
    time: record.at,
    message: message(record, judged, expected),
    source: peerOf(judged.source),
    destination: peerOf(judged.destination),
    port: record.destination.port,
    application: record.application,
    rule,
    action: denied ? 'denied' : 'allowed',
    mode,
    incident: denied ? record.http?.incident : undefined,
    http: record.http && requestOf(record.http),
    // A sidecar with another policy (or an earlier one) decided by other reasons than we could show.
    trace: rule === decision.rule && mode === decision.mode.mode ? decision : undefined,
  }
}

/** What the rules of this port name, where the application was the reason that none of them matched. */
function expectedApplications({ application }: AccessRecord, { decision, rule }: Judgement, directory: Directory) {
  if (application === undefined || rule !== defaultRuleId) return []
  const missed = decision.trace.misses.filter((miss) => miss.field === 'applications').map((miss) => miss.rule)
  const rules = directory.rules.rules.filter((r) => r.action === 'allow' && missed.includes(r.id))
  return [...new Set(rules.flatMap((r) => r.applications))]
}

function message(record: AccessRecord, judged: Judgement, expected: readonly string[]): string {
  const { source, destination, rule, verdict } = judged
  const what = `${record.application ?? 'a connection'} to port ${record.destination.port}`
  const done = verdict === 'deny' ? 'was denied' : 'would be denied in Protect'
  const why = ownReasons.get(rule) ?? (rule === defaultRuleId ? reason(expected) : `rule ${rule} says so`)
  return `${source.groups[0]} → ${destination.groups[0]}: ${what} ${done}: ${why}`
}

const ownReasons: ReadonlyMap<string, string> = new Map([
  [uninspectedRuleId, 'its sensors must see every request, and here they would not'],
])

const reason = (expected: readonly string[]): string =>
  expected.length === 0 ? 'no rule allows it' : `its rules there are for ${expected.join(', ')}`

export function peerOf(end: Endpoint): EventPeer {
  const workload = end.kind === 'workload' ? end.workload : undefined
  return { group: end.groups[0]!, workload: workload?.name, namespace: workload?.namespace, ip: end.ip }
}

/** Queries carry secrets and make equal requests look different. */
export const requestOf = ({ method, path, host }: NonNullable<AccessRecord['http']>) => ({
  method,
  path: path.split('?', 1)[0]!,
  host,
})
