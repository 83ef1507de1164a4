import { inside } from '../layout.ts'
import type { App } from './app.ts'

/** The cluster's resolver: ours, in TypeScript, authoritative for the lab's names and nothing else. No sidecar. */
export const coredns: App = {
  name: 'coredns',
  namespace: 'kube-system',
  labels: { 'k8s-app': 'kube-dns' },
  image: 'postern-lab/coredns:1',
  ports: [
    { port: 53, protocol: 'udp', name: 'dns' },
    { port: 53, protocol: 'tcp', name: 'dns-tcp' },
  ],
  sidecar: 'none',
  replicas: 1,
  maxReplicas: 1,
  uid: 14761,
  user: 'coredns',
  command: () => ['node', `${inside.apps}/coredns.ts`, 'zone.json'],
}
