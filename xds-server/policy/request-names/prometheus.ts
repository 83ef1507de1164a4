/** Prometheus: a scrape says so by its header; its own API, and remote write. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const prometheus: Signature = [
  request({ headers: [{ name: 'x-prometheus-scrape-timeout-seconds', present: true }] }),
  request({ headers: [{ name: 'x-prometheus-remote-write-version', present: true }] }),
  request({
    paths: [
      '/metrics',
      '/federate',
      '/api/v1/query',
      '/api/v1/query_range',
      '/api/v1/series',
      '/api/v1/labels',
      '/api/v1/label/{name}/values',
      '/api/v1/targets/*',
      '/api/v1/rules',
      '/api/v1/alerts',
      '/api/v1/write',
      '/api/v1/read',
      '/api/v1/metadata',
    ],
  }),
]
