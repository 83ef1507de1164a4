/** Container registries (OCI distribution specification, Docker registry API V2). */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const registry: Signature = [
  request({
    paths: [
      '/v2',
      '/v2/',
      '/v2/_catalog',
      ...['/v2/{name}', '/v2/{project}/{name}', '/v2/{project}/{path}/{name}'].flatMap((name) =>
        ['manifests', 'blobs', 'tags', 'referrers'].map((what) => `${name}/${what}/*`),
      ),
    ],
  }),
]
