/** gRPC server reflection. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const grpcReflection: Signature = [
  request({ grpc: ['grpc.reflection.v1.ServerReflection/*', 'grpc.reflection.v1alpha.ServerReflection/*'] }),
]
