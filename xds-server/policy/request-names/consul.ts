/** HashiCorp Consul’s HTTP API. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const consul: Signature = [
  request({
    paths: ['agent', 'catalog', 'kv', 'session', 'acl', 'connect', 'txn', 'coordinate', 'operator', 'query', 'snapshot']
      .map((what) => `/v1/${what}/*`)
      .concat([
        '/v1/health/service/*',
        '/v1/health/node/*',
        '/v1/health/checks/*',
        '/v1/health/state/*',
        '/v1/status/*',
      ]),
  }),
]
