import type { App } from './app.ts'

/** Redis, in memory only: page views. */
export const redisServer: App = {
  name: 'redis-server',
  namespace: 'yelb',
  labels: { app: 'redis-server', tier: 'cache' },
  image: 'redis:7',
  ports: [{ port: 6379, protocol: 'tcp', name: 'redis' }],
  sidecar: 'managed',
  replicas: 1,
  maxReplicas: 1,
  uid: 14764,
  user: 'redis',
  // protected mode would refuse everybody who does not come over loopback
  command: () => [
    'redis-server',
    ...['--port', '6379', '--bind', '0.0.0.0', '::', '--protected-mode', 'no'],
    ...['--save', '', '--appendonly', 'no', '--maxmemory', '64mb'],
  ],
}
