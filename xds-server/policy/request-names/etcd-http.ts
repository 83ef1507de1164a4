/** etcd: API v2, and the JSON gateway of v3. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const etcdHttp: Signature = [
  request({
    paths: [
      '/v2/keys/*',
      '/v2/members/*',
      ...['kv', 'lease', 'cluster', 'maintenance', 'auth'].map((what) => `/v3/${what}/*`),
      '/v3/watch',
    ],
  }),
]
