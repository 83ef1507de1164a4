/** An Envoy refused a resource: the event people see, with the rules it concerns. */
import type { NewEvent } from './observe/events.ts'
import type { Nack } from './xds/conversation.ts'

/** Rules named in the message; a resource can carry thousands. */
const maxRulesNamed = 10

export function nackEvent(nack: Nack, now: number): NewEvent {
  const named = nack.rules.slice(0, maxRulesNamed).join(', ') + (nack.rules.length > maxRulesNamed ? ', …' : '')
  const about = nack.rules.length > 0 ? ` (rules ${named})` : ''
  const stays = nack.quarantined ? 'nobody else gets it' : 'others had taken it before'
  return {
    kind: 'enforcement',
    severity: 'high',
    time: now,
    message: `Envoy of ${nack.workload || 'no sidecar'} refused ${nack.names.join(', ')}${about}: ${nack.message}. The last good policy stays; ${stays}`,
    source: undefined,
    destination: undefined,
    port: undefined,
    application: undefined,
    // one rule is the culprit; of several nobody knows which, and the rules' status lists them all
    rule: nack.rules.length === 1 ? nack.rules[0] : undefined,
    action: undefined,
    mode: undefined,
    incident: undefined,
    http: undefined,
    trace: undefined,
  }
}
