import { inside } from '../layout.ts'
import type { App } from './app.ts'
import { pgpass } from './yelb-db.ts'

/** A pod that nobody opted in: no sidecar. Its web server is something unmanaged to go to. */
export const legacy: App = {
  name: 'legacy',
  namespace: 'default',
  labels: { app: 'legacy' },
  image: 'postern-lab/legacy:1',
  ports: [{ port: 8080, protocol: 'tcp', name: 'http' }],
  sidecar: 'none',
  replicas: 1,
  maxReplicas: 10,
  uid: 14767,
  user: 'legacy',
  files: ({ secrets }) => ({ '.pgpass': pgpass(secrets) }),
  command: () => ['node', `${inside.apps}/web.ts`, '8080'],
}
