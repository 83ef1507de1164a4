/**
 * What the classifier said of a request, as it stands in the log record (dynamic metadata). The classifier writes it and
 * the sidecar passes it on, and either may be in an attacker's hands: texts are cut, lists are bounded, what is no
 * verdict is none.
 */
import type { Struct } from '../envoy/access-logs.ts'

/** What became of the request. `error`: nobody could judge it. */
export type InspectedAction = 'pass' | 'deny' | 'mask' | 'error'

export type Finding = {
  readonly kind: 'waf' | 'dlp'
  readonly sensor: string
  /** Rule id of a rule set, or the name of the sensor's rule. */
  readonly rule: string
  readonly severity: 'critical' | 'error' | 'warning' | 'notice'
  readonly message: string
  /** Where in the message: `ARGS:name`, `url`, `header`, `body`. */
  readonly where: string
  /** Redacted: never the value. */
  readonly sample?: string
}

export type Inspected = {
  readonly action: InspectedAction
  /** Id of the profile it was judged by. */
  readonly profile: string
  readonly score: number
  /** How many there were, those left out of `findings` among them. */
  readonly found: number
  /** Why not everything was looked at; undefined where it was. */
  readonly partial?: string
  readonly findings: readonly Finding[]
}

/** The classifier sends no more. */
const maxFindings = 16
const maxName = 128
const maxWords = 256

const actions: readonly InspectedAction[] = ['pass', 'deny', 'mask', 'error']
const severities: readonly Finding['severity'][] = ['critical', 'error', 'warning', 'notice']

type Fields = Struct['fields']

const textIn = (fields: Fields, name: string, max: number): string => (fields[name]?.stringValue ?? '').slice(0, max)

function countIn(fields: Fields, name: string): number {
  const value = fields[name]?.numberValue ?? 0
  return Number.isFinite(value) ? Math.max(0, Math.trunc(value)) : 0
}

/** Undefined: it does not say of which kind it is. */
function finding(fields: Fields): Finding | undefined {
  const kind = textIn(fields, 'kind', maxName)
  if (kind !== 'waf' && kind !== 'dlp') return undefined
  const sample = textIn(fields, 'sample', maxName)
  return {
    kind,
    sensor: textIn(fields, 'sensor', maxName),
    rule: textIn(fields, 'rule', maxName),
    severity: severities.find((one) => one === fields.severity?.stringValue) ?? 'warning',
    message: textIn(fields, 'message', maxWords),
    where: textIn(fields, 'where', maxName),
    ...(sample === '' ? {} : { sample }),
  }
}

/** Undefined: nothing was found, or nothing that we understand. */
export function readInspected(metadata: Struct | undefined): Inspected | undefined {
  const fields = metadata?.fields
  const action = actions.find((one) => one === fields?.action?.stringValue)
  if (fields === undefined || action === undefined) return undefined
  const listed = fields.findings?.listValue?.values ?? []
  const partial = textIn(fields, 'partial', maxWords)
  return {
    action,
    profile: textIn(fields, 'profile', maxName),
    score: countIn(fields, 'score'),
    found: countIn(fields, 'found'),
    ...(partial === '' ? {} : { partial }),
    findings: listed
      .slice(0, maxFindings)
      .flatMap(({ structValue }) => (structValue && finding(structValue.fields)) ?? []),
  }
}
