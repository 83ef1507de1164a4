/** SOAP 1.1 says so by its action, 1.2 by its content type (RFC 3902). */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const soap: Signature = [
  request({ methods: ['POST'], headers: [{ name: 'soapaction', present: true }] }),
  request({ methods: ['POST'], headers: [{ name: 'content-type', prefix: 'application/soap+xml' }] }),
]
