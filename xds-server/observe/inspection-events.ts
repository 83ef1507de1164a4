/**
 * What inspection found, as events: `threat` (WAF) and `leak` (DLP), one for each sensor that found something in a
 * request; and requests that were refused because nobody could judge them. Values stay out: samples are redacted before
 * they come here.
 */
import { refusalDetails } from '../compile/names.ts'
import type { Directory } from '../policy/directory.ts'
import { sensorsOf } from '../policy/profiles.ts'
import type { NewEvent } from './events.ts'
import type { Finding, Inspected } from './inspected.ts'
import type { Judgement } from './judgement.ts'
import type { AccessRecord, EventKind, InspectionOutcome, Severity } from './model.ts'
import { peerOf, requestOf } from './violations.ts'

type Request = AccessRecord & { readonly http: NonNullable<AccessRecord['http']> }

/** Rules named in an event's message; all of them are in its findings. */
const maxNamed = 5

const severityOf: Readonly<Record<Finding['severity'], Severity>> = {
  critical: 'critical',
  error: 'high',
  warning: 'medium',
  notice: 'low',
}
const worstFirst: readonly Finding['severity'][] = ['critical', 'error', 'warning', 'notice']

const kindOf: Readonly<Record<Finding['kind'], EventKind>> = { waf: 'threat', dlp: 'leak' }

type Done = {
  readonly action: NonNullable<NewEvent['action']>
  readonly outcome: InspectionOutcome
  readonly words: string
}
const done: Readonly<Record<Inspected['action'], Done>> = {
  pass: { action: 'allowed', outcome: 'alert', words: 'was only reported' },
  mask: { action: 'masked', outcome: 'masked', words: 'was masked' },
  deny: { action: 'denied', outcome: 'denied', words: 'was refused' },
  error: { action: 'denied', outcome: 'uninspected', words: 'was refused, because not all of it could be judged' },
}

/** Envoy's words where the classifier did not answer, and the classifier's where it came to no verdict. */
const wasWithoutVerdict = (details: string): boolean =>
  details.startsWith('ext_proc_error') || details === refusalDetails.noVerdict

const wasRefusedUninspected = ({ details }: AccessRecord, inspected: Inspected | undefined): boolean =>
  wasWithoutVerdict(details) || inspected?.action === 'error'

/** The worst that inspection has to say of a record; undefined: nothing. */
export function outcomeOf(record: AccessRecord): InspectionOutcome | undefined {
  const inspected = record.http?.inspected
  if (wasRefusedUninspected(record, inspected)) return 'uninspected'
  return inspected === undefined || inspected.findings.length === 0 ? undefined : done[inspected.action].outcome
}

function common(record: Request, { source, destination, mode, decision }: Judgement) {
  return {
    time: record.at,
    source: peerOf(source),
    destination: peerOf(destination),
    port: record.destination.port,
    application: record.application,
    // what was found is no matter of the rule that let the request in
    rule: undefined,
    mode,
    incident: record.http.incident,
    http: requestOf(record.http),
    trace: mode === decision.mode.mode ? decision : undefined,
  } as const
}

const ends = ({ source, destination }: Judgement): string => `${source.groups[0]} → ${destination.groups[0]}`

function found(record: Request, judged: Judgement, inspected: Inspected, findings: readonly Finding[]): NewEvent {
  const [{ kind, sensor }] = findings as readonly [Finding]
  const { action, words } = done[inspected.action]
  const rules = [...new Set(findings.map(({ rule }) => rule))]
  const named = rules.slice(0, maxNamed).join(', ') + (rules.length > maxNamed ? ', …' : '')
  const severity = worstFirst.find((one) => findings.some((f) => f.severity === one)) ?? 'notice'
  return {
    ...common(record, judged),
    kind: kindOf[kind],
    severity: severityOf[severity],
    message: `${ends(judged)}: sensor ${sensor} found ${named}, which ${words}`,
    action,
    inspection: {
      sensor,
      score: inspected.score,
      ...(inspected.partial === undefined ? {} : { partial: inspected.partial }),
      findings: findings.map(({ kind: _, sensor: __, ...finding }) => finding),
    },
  }
}

/** Nobody looked, so it was refused. */
function uninspected(record: Request, judged: Judgement): NewEvent {
  const message = `${ends(judged)}: a request was refused uninspected, for the classifier gave no verdict`
  return { ...common(record, judged), kind: 'enforcement', severity: 'high', message, action: 'denied' }
}

/** Of one record; none where inspection has nothing to say. */
export function inspectionEvents(record: AccessRecord, judged: Judgement): readonly NewEvent[] {
  if (record.http === undefined) return []
  const request: Request = { ...record, http: record.http }
  const { inspected } = record.http
  const bySensor = Map.groupBy(inspected?.findings ?? [], ({ kind, sensor }) => `${kind} ${sensor}`)
  const events = [...bySensor.values()].map((findings) => found(request, judged, inspected!, findings))
  return wasRefusedUninspected(record, inspected) ? [...events, uninspected(request, judged)] : events
}

const known = new WeakMap<Directory, ReadonlySet<string>>()

function namesIn({ world }: Directory): ReadonlySet<string> {
  const { waf, dlp } = sensorsOf(world.policy)
  return new Set([...waf.keys(), ...dlp.keys()])
}

/** Of a sensor that there is: records could name any number of others. */
export function sensorLabel(sensor: string, directory: Directory): string {
  const names = known.get(directory) ?? namesIn(directory)
  known.set(directory, names)
  return names.has(sensor) ? sensor : 'other'
}
