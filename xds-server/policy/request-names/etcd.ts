/** etcd: API v3 over gRPC. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const etcd: Signature = [
  request({
    grpc: ['KV', 'Watch', 'Lease', 'Cluster', 'Maintenance', 'Auth'].map((service) => `etcdserverpb.${service}/*`),
  }),
]
