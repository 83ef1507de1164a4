/** HashiCorp Vault and OpenBao. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const vault: Signature = [
  request({ headers: [{ name: 'x-vault-request', present: true }] }),
  request({ paths: ['/v1/sys/*', '/v1/auth/token/*', '/v1/secret/data/*'] }),
]
