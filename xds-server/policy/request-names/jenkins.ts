/** Jenkins: agents and the parts of its API that nobody else has. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const jenkins: Signature = [
  request({ paths: ['/jnlpJars/*', '/tcpSlaveAgentListener/*', '/crumbIssuer/*', '/computer/*', '/wsagents/*'] }),
]
