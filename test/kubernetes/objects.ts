/** Objects as a cluster's controllers and kubelets would write them: nobody else does, where only an API server runs. */
import type { ApiServer } from './api-server.ts'

export type PodParts = {
  readonly name: string
  readonly namespace: string
  readonly labels?: Readonly<Record<string, string>>
  /** Of kind ReplicaSet. */
  readonly replicaSet?: string
  readonly finalizers?: readonly string[]
  /** Given by the kubelet that runs it. */
  readonly ip?: string
}

const ownedBy = (kind: string, name: string) => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: `uid-of-${name}`, controller: true }],
})

/** Made, and with `ip` also run. */
export async function createPod({ call }: ApiServer, pod: PodParts): Promise<void> {
  const { name, namespace, labels = {}, replicaSet, finalizers = [], ip } = pod
  const metadata = { name, labels, finalizers, ...(replicaSet && ownedBy('ReplicaSet', replicaSet)) }
  const spec = { automountServiceAccountToken: false, containers: [{ name: 'app', image: 'app:1' }] }
  await call('POST', `/api/v1/namespaces/${namespace}/pods`, { metadata, spec })
  if (ip) await runPod({ call }, pod, ip)
}

export async function runPod({ call }: Pick<ApiServer, 'call'>, pod: PodParts, ip: string): Promise<void> {
  const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }] }
  await call('PATCH', `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/status`, { status })
}

export async function createReplicaSet({ call }: ApiServer, namespace: string, name: string, deployment: string) {
  const labels = { app: deployment }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1' }] } }
  await call('POST', `/apis/apps/v1/namespaces/${namespace}/replicasets`, {
    metadata: { name, ...ownedBy('Deployment', deployment) },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  })
}
