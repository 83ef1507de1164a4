/** The gRPC services Envoy calls, as grpc-js wants them: messages stay bytes, decoding is the handler's. */
import type { MethodDefinition, ServiceDefinition, UntypedHandleCall } from '@grpc/grpc-js'

const asIs = (bytes: Buffer) => bytes

function method(path: string, responseStream: boolean): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: true,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  }
}

const discovery = '/envoy.service.discovery.v3.AggregatedDiscoveryService/'

/** Aggregated discovery: `delta` is DeltaAggregatedResources, `sotw` is StreamAggregatedResources; both bidirectional. */
export const discoveryService = {
  delta: method(`${discovery}DeltaAggregatedResources`, true),
  sotw: method(`${discovery}StreamAggregatedResources`, true),
} as const satisfies ServiceDefinition<Record<string, UntypedHandleCall>>

/** Access logs: a stream of requests, one empty response at its end. */
export const accessLogService = {
  stream: method('/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs', false),
} as const satisfies ServiceDefinition<Record<string, UntypedHandleCall>>

/** HTTP external processing: bidirectional. */
export const externalProcessorService = {
  process: method('/envoy.service.ext_proc.v3.ExternalProcessor/Process', true),
} as const satisfies ServiceDefinition
