/** Elasticsearch and OpenSearch: their underscore endpoints, for the cluster and for an index. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const elasticsearch: Signature = [
  request({
    paths: [
      ...['_cluster', '_cat', '_nodes', '_aliases', '_template', '_index_template', '_ingest', '_snapshot', '_security']
        .concat(['_tasks', '_ilm', '_data_stream', '_sql', '_xpack', '_license', '_opendistro', '_plugins'])
        .map((what) => `/${what}/*`),
      ...['', '/{index}'].flatMap((index) =>
        ['_search', '_msearch', '_bulk', '_mget', '_count', '_refresh', '_mapping', '_settings', '_field_caps'].map(
          (what) => `${index}/${what}/*`,
        ),
      ),
      '/{index}/_doc/*',
      '/{index}/_create/*',
      '/{index}/_update/*',
      '/{index}/_source/*',
      '/{index}/_delete_by_query/*',
      '/{index}/_update_by_query/*',
    ],
  }),
]
