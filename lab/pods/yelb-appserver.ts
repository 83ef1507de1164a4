import { inside } from '../layout.ts'
import type { App } from './app.ts'
import { pgpass } from './yelb-db.ts'

/** Votes and page views over HTTP, kept in PostgreSQL and Redis by their real clients. */
export const yelbAppserver: App = {
  name: 'yelb-appserver',
  namespace: 'yelb',
  labels: { app: 'yelb-appserver', tier: 'middletier' },
  image: 'postern-lab/yelb-appserver:1',
  ports: [{ port: 4567, protocol: 'tcp', name: 'http' }],
  sidecar: 'managed',
  replicas: 1,
  maxReplicas: 10,
  uid: 14763,
  user: 'yelb',
  files: ({ secrets }) => ({ '.pgpass': pgpass(secrets) }),
  command: () => ['node', `${inside.apps}/yelb-appserver.ts`],
}
