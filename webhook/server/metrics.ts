/** What the webhook measures of itself: names and meanings in one place. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics(registry: Registry) {
  const registers = [registry]
  return {
    admissions: new Counter({
      name: 'postern_webhook_admissions_total',
      help: 'Admission reviews by what became of them',
      labelNames: ['outcome'] as const,
      registers,
    }),
    seconds: new Histogram({
      name: 'postern_webhook_admission_seconds',
      help: 'From the whole request to its answer',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
      registers,
    }),
    reloads: new Counter({
      name: 'postern_webhook_reloads_total',
      help: 'Changed files taken, or refused (the last good ones stay)',
      labelNames: ['what', 'result'] as const,
      registers,
    }),
    expires: new Gauge({
      name: 'postern_webhook_certificate_expires_timestamp_seconds',
      help: 'When the serving certificate ends',
      registers,
    }),
  }
}
