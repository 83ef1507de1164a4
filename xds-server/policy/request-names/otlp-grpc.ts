/** OpenTelemetry over gRPC (OTLP specification). */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const otlpGrpc: Signature = [
  request({
    grpc: ['trace', 'metrics', 'logs'].map((kind) => {
      const service = kind[0]!.toUpperCase() + kind.slice(1)
      return `opentelemetry.proto.collector.${kind}.v1.${service}Service/*`
    }),
  }),
]
