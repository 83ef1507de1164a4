/** InfluxDB: API v2, and v1 from its own clients. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const influxdb: Signature = [
  request({ methods: ['POST'], paths: ['/api/v2/write', '/api/v2/query', '/api/v2/delete'] }),
  ...['InfluxDBClient', 'influxdb', 'Telegraf'].map((client) =>
    request({ paths: ['/write', '/query', '/ping'], headers: [{ name: 'user-agent', prefix: client }] }),
  ),
]
