/** GraphQL over HTTP: the paths that servers use, and its media type. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const graphql: Signature = [
  request({ paths: ['/graphql', '/{a}/graphql', '/{a}/{b}/graphql'] }),
  request({ methods: ['POST'], headers: [{ name: 'content-type', prefix: 'application/graphql' }] }),
]
