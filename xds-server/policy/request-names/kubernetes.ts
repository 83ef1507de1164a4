/** The Kubernetes API: core and named groups, version and discovery. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const kubernetes: Signature = [
  request({
    paths: [
      '/apis/*',
      '/openapi/v3/*',
      '/api/v1/namespaces/*',
      '/api/v1/nodes/*',
      '/api/v1/pods/*',
      '/api/v1/services/*',
      '/api/v1/secrets/*',
      '/api/v1/configmaps/*',
      '/api/v1/endpoints/*',
      '/api/v1/events/*',
      '/api/v1/persistentvolumes/*',
    ],
  }),
]
