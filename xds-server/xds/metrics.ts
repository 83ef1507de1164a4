/** Every metric of the xDS server; names from here only. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { type ResourceType, resourceTypes } from '../compile/model.ts'

const prefix = 'postern_xds_'
/** Sidecars answer in milliseconds; what takes seconds is stuck. */
const ackBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30]

/** What the gauges read when they are scraped. */
export type Gauges = {
  readonly sidecars: () => number
  readonly classes: () => number
  readonly blobs: () => number
  readonly trials: () => number
  readonly quarantined: () => number
  readonly waiting: () => number
}

const gaugeHelp: Record<keyof Gauges, string> = {
  sidecars: 'Streams of authenticated sidecars',
  classes: 'Classes of sidecars with a snapshot',
  blobs: 'Encoded resources in use',
  trials: 'Resources that canaries have to answer',
  quarantined: 'Resources an Envoy refused, kept from the others',
  waiting: 'Streams waiting for their turn to be written to',
}

export type Metrics = {
  readonly responses: Counter<'type'>
  readonly responseBytes: Counter<'type'>
  readonly encodedBytes: Counter
  readonly refusals: Counter<'type'>
  readonly ackSeconds: Histogram<'type'>
  /** Streams refused or ended by us, by reason. */
  readonly ended: Counter<'reason'>
  readonly rolloutSeconds: Histogram
}

function registerGauges(registry: Registry, gauges: Gauges): void {
  for (const name of Object.keys(gauges) as (keyof Gauges)[]) {
    new Gauge({
      name: `${prefix}${name}`,
      help: gaugeHelp[name],
      registers: [registry],
      collect() {
        this.set(gauges[name]())
      },
    })
  }
}

export function createMetrics(registry: Registry, gauges: Gauges): Metrics {
  registerGauges(registry, gauges)
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `${prefix}${name}_total`, help, labelNames: [...labelNames], registers })
  const metrics: Metrics = {
    responses: counter('responses', 'Responses written', ['type']),
    responseBytes: counter('response_bytes', 'Bytes of responses written', ['type']),
    encodedBytes: counter('encoded_bytes', 'Bytes of responses encoded: what is shared counts once', []),
    refusals: counter('refusals', 'NACKs of single resources', ['type']),
    ended: counter('ended_streams', 'Streams refused or ended by the server', ['reason']),
    ackSeconds: new Histogram({
      name: `${prefix}ack_seconds`,
      help: 'From a response to its ACK',
      labelNames: ['type'],
      buckets: ackBuckets,
      registers,
    }),
    rolloutSeconds: new Histogram({
      name: `${prefix}rollout_seconds`,
      help: 'From a publication to the last affected sidecar that has it',
      buckets: ackBuckets,
      registers,
    }),
  }
  // policy travels as extensions: "0 bytes" must be readable as a sample, not as a missing one
  for (const type of resourceTypes satisfies readonly ResourceType[]) {
    metrics.responses.inc({ type }, 0)
    metrics.responseBytes.inc({ type }, 0)
    metrics.refusals.inc({ type }, 0)
  }
  return metrics
}
