/** The names and meanings of what `observe/` measures; one place, so that dashboards and alerts can be checked against it. */
import { Counter, Gauge, type Registry } from 'prom-client'

const prefix = 'postern_'

const counters = {
  records: { name: 'access_log_records_total', help: 'Access log records decoded', labels: ['kind'] },
  rejected: {
    name: 'access_log_rejected_total',
    help: 'Access log entries that could not be used',
    labels: ['reason'],
  },
  unauthenticated: { name: 'access_log_unauthenticated_total', help: 'Access log streams refused', labels: [] },
  evicted: { name: 'connections_evicted_total', help: 'Open connections forgotten for lack of room', labels: [] },
  probes: { name: 'probes_total', help: 'Connections that sent no byte and that no rule decided', labels: [] },
  other: { name: 'conversations_other_total', help: 'Counted under "other": too many conversations', labels: [] },
  skew: { name: 'policy_skew_total', help: 'Envoy decided by another rule than the present policy would', labels: [] },
  events: { name: 'events_total', help: 'Events stored', labels: ['kind'] },
  suppressed: {
    name: 'events_suppressed_total',
    help: 'Events only counted in a summary event',
    labels: ['kind', 'limit'],
  },
  found: {
    name: 'inspection_findings_total',
    help: 'Requests in which a sensor found something, by what became of them',
    labels: ['sensor', 'action'],
  },
  uninspected: {
    name: 'inspection_refused_total',
    help: 'Requests refused because nobody could judge them',
    labels: [],
  },
  historyLost: {
    name: 'history_lost_total',
    help: 'Roll-ups not kept: too many, or the database failed',
    labels: ['reason'],
  },
  learned: { name: 'learned_rules_total', help: 'Rules the learner wrote, new or changed', labels: [] },
  learnSkipped: { name: 'learner_skipped_total', help: 'Observations that became no rule', labels: ['reason'] },
  learnConflicts: {
    name: 'learner_conflicts_total',
    help: 'Writes of the learner that somebody was faster than',
    labels: [],
  },
  learnDropped: { name: 'learner_dropped_total', help: 'Observations forgotten: too many at once', labels: [] },
} as const

const gauges = {
  streams: { name: 'access_log_streams', help: 'Access log streams open now' },
  open: { name: 'connections_open', help: 'Open connections known now' },
  conversations: { name: 'conversations', help: 'Distinct conversations in memory' },
} as const

export type Metrics = {
  readonly [K in keyof typeof counters]: Counter<(typeof counters)[K]['labels'][number]>
} & { readonly [K in keyof typeof gauges]: Gauge }

/** Registers all of them; a registry takes them once. */
export function createMetrics(registry: Registry): Metrics {
  const registers = [registry]
  const counter = ({ name, help, labels }: (typeof counters)[keyof typeof counters]) =>
    new Counter({ name: prefix + name, help, labelNames: [...labels], registers })
  const gauge = ({ name, help }: (typeof gauges)[keyof typeof gauges]) =>
    new Gauge({ name: prefix + name, help, registers })
  return {
    ...mapValues(counters, counter),
    ...mapValues(gauges, gauge),
  } as unknown as Metrics
}

function mapValues<V, R>(record: Readonly<Record<string, V>>, map: (value: V) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
