/** CouchDB: its underscore endpoints that nobody else has. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const couchdb: Signature = [
  request({
    paths: [
      '/_all_dbs',
      '/_dbs_info',
      '/_utils/*',
      '/_replicate',
      '/_scheduler/*',
      '/_uuids',
      '/_active_tasks',
      ...[
        '_all_docs',
        '_changes',
        '_bulk_docs',
        '_bulk_get',
        '_design',
        '_find',
        '_local',
        '_revs_diff',
        '_security',
      ].map((what) => `/{database}/${what}/*`),
    ],
  }),
]
