/** Apache Solr. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const solr: Signature = [request({ paths: ['/solr/*'] })]
