/** The management API of RabbitMQ. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const rabbitmq: Signature = [
  request({
    paths: ['overview', 'queues', 'exchanges', 'bindings', 'vhosts', 'channels', 'consumers'].map(
      (what) => `/api/${what}/*`,
    ),
  }),
]
