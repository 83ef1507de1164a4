import { inside } from '../layout.ts'
import type { App } from './app.ts'

/**
 * The outside, behind the node: the load balancer's addresses, from which people's requests come, and a partner's
 * servers (api.partner.test) for what goes out.
 */
export const external: App = {
  name: 'external',
  namespace: '',
  labels: {},
  image: '',
  ports: [
    { port: 80, protocol: 'tcp' },
    { port: 443, protocol: 'tcp' },
  ],
  sidecar: 'outside',
  replicas: 1,
  maxReplicas: 1,
  uid: 14768,
  user: 'external',
  files: ({ secrets: { partner } }) => ({
    'tls.crt': { content: partner.cert },
    'tls.key': { content: partner.key },
    'ca.crt': { content: partner.authority },
  }),
  command: () => ['node', `${inside.apps}/web.ts`, '80', '443'],
}
