/** OpenTelemetry over HTTP (OTLP specification). */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const otlp: Signature = [
  request({ methods: ['POST'], paths: ['/v1/traces', '/v1/metrics', '/v1/logs', '/v1development/profiles'] }),
]
