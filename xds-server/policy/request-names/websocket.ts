/** The request that asks for a WebSocket (RFC 6455 section 4.1). */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const websocket: Signature = [
  request({ headers: [{ name: 'upgrade', exact: 'websocket' }] }),
  request({ headers: [{ name: 'upgrade', exact: 'WebSocket' }] }),
]
