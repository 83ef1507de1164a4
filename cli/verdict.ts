/** A decision for people: what is done and why, then each step that led to it. */
import type { z } from 'zod'
import type { verdict } from '../xds-server/api/contract/verdict.ts'
import type { Io } from './io.ts'
import { type Colour, clean, paint } from './output.ts'

type Verdict = z.output<typeof verdict>
type Endpoint = Verdict['trace']['source']

export function verdictText(io: Io, verdict: Verdict): string {
  const lines: readonly (readonly [string, string])[] = [
    ['source', endpointText(verdict.trace.source)],
    ['destination', endpointText(verdict.trace.destination)],
    ['mode', `${verdict.mode.mode}: ${verdict.mode.reason}`],
    ['decided by', deciders[verdict.decidedBy]],
    ...verdict.trace.misses.map((m) => ['passed over', `rule ${m.rule}: ${reasons[m.field]}`] as const),
    ...(verdict.trace.moreMisses === undefined ? [] : [['passed over', `${verdict.trace.moreMisses} more`] as const]),
    ['matched', matchedText(verdict)],
    ...sensorLines(verdict.trace.sensors),
  ]
  const steps = lines.map(([name, text]) => `  ${paint(io, 'bold', name.padEnd(12))} ${clean(text)}\n`).join('')
  return `${headline(io, verdict)}\n${steps}`
}

const outcomes: Readonly<Record<Verdict['enforced'], { readonly word: string; readonly colour: Colour }>> = {
  allow: { word: 'ALLOWED', colour: 'green' },
  deny: { word: 'DENIED', colour: 'red' },
  undecided: { word: 'UNDECIDED', colour: 'yellow' },
}

function headline(io: Io, { enforced, policy, consequence }: Verdict): string {
  const { word, colour } = outcomes[enforced]
  return `${paint(io, colour, word)}${remarks(enforced, policy, consequence)}`
}

const hint = 'the application or the request (--app, --method, --path)'

/** What the word alone does not say. */
function remarks(
  enforced: Verdict['enforced'],
  policy: Verdict['policy'],
  consequence: Verdict['consequence'],
): string {
  if (enforced === 'undecided') return `: it depends on ${hint}`
  if (policy === 'undecided') return `: the mode lets it pass; what the policy says depends on ${hint}`
  if (consequence === 'learn') return ': no rule matched, and it is learned'
  if (enforced === 'allow' && policy === 'deny') return ': the policy says deny, the mode lets it pass and reports it'
  return ''
}

const deciders: Readonly<Record<Verdict['decidedBy'], string>> = {
  destination: 'the destination’s sidecar',
  source: 'the source’s sidecar: the destination has none',
  none: 'nobody: neither end has a sidecar',
}

/** Why a rule was passed over, by the first field that did not fit. */
const reasons: Readonly<Record<Verdict['trace']['misses'][number]['field'], string>> = {
  disabled: 'it is disabled',
  from: 'the source is not in its from',
  to: 'the destination is not in its to',
  ports: 'another port',
  applications: 'another application',
  http: 'another request',
}

/** What HTTP is looked at for, where it is let through. */
function sensorLines(sensors: Verdict['trace']['sensors']): readonly (readonly [string, string])[] {
  if (sensors === undefined) return []
  const names = (['waf', 'dlp'] as const).flatMap((kind) =>
    sensors[kind].map(({ sensor, action }) => `${kind.toUpperCase()} ${sensor} (${action})`),
  )
  return [['inspected', names.join(', ')]]
}

const matchedText = ({ rule, policy }: Verdict): string =>
  rule === 'default' ? `no rule: the default (${policy})` : `rule ${rule} (${policy})`

function endpointText(end: Endpoint): string {
  const what = end.kind === 'workload' ? `${end.workload.namespace}/${end.workload.name}` : end.kind
  return `${end.ip} ${what} in ${end.groups.join(', ')}`
}
