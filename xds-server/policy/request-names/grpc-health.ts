/** The gRPC health checking protocol. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const grpcHealth: Signature = [request({ grpc: ['grpc.health.v1.Health/*'] })]
