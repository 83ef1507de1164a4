/** ClickHouse over HTTP: its clients say so. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const clickhouse: Signature = [
  request({ headers: [{ name: 'x-clickhouse-user', present: true }] }),
  request({ headers: [{ name: 'x-clickhouse-database', present: true }] }),
]
