/** Many pods, and the account a control plane has in a cluster: from a real API server. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { inClusterAccess } from '../../xds-server/kubernetes/access.ts'
import { type ApiServer, startApiServer } from './api-server.ts'
import { kubernetesBinaries } from './binaries.ts'
import { follow, namesIn } from './following.ts'
import { createPod } from './objects.ts'

const binaries = kubernetesBinaries('api')
const count = 2_000

describe.skipIf(binaries === undefined)('a real API server', () => {
  let api: ApiServer
  beforeAll(async () => {
    api = await startApiServer(binaries!)
  })
  afterAll(() => api?.stop())

  test('2,000 pods: seen as they come, read by pages, all deleted at once', async () => {
    const namespace = await api.namespace()
    const watching = follow(api.access)
    onTestFinished(watching.end)
    await watching.inventory(() => true)
    await many(count, (i) => createPod(api, { name: `p${i}`, namespace, labels: { app: `a${i % 20}` } }))
    const seen = await watching.inventory((now) => namesIn(now, namespace).length === count)
    const listing = follow(api.access)
    onTestFinished(listing.end)
    expect(await listing.inventory(() => true)).toEqual(seen)
    expect(watching.inventories.length).toBeLessThan(count)
    await api.call('DELETE', `/api/v1/namespaces/${namespace}/pods`, { gracePeriodSeconds: 0 })
    await Promise.all([watching, listing].map((one) => one.inventory((now) => namesIn(now, namespace).length === 0)))
  })

  test('a service account: refused without rights or with a token that is no good, and well once it has them', async () => {
    const namespace = await api.namespace()
    const folder = mkdtempSync(join(tmpdir(), 'postern-account-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const put = (name: string, text: string) => {
      writeFileSync(join(folder, `${name}.new`), text)
      renameSync(join(folder, `${name}.new`), join(folder, name))
    }
    put('ca.crt', api.ca)
    put('token', 'not-a-token')
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(api.port) }
    const reader = follow(inClusterAccess(env, folder)!)
    onTestFinished(reader.end)
    const refused = (status: number) =>
      reader.report((report) => report.kind === 'interrupted' && report.cause.startsWith(`status ${status}`))
    await refused(401)
    put('token', `${await tokenOf(api, namespace)}\n`)
    await refused(403)
    expect(reader.inventories).toEqual([])
    await grant(api, namespace)
    const first = await reader.inventory(() => true)
    expect(first.namespaces.map(({ name }) => name)).toContain(namespace)
  })
})

/** So many, 20 at a time. */
async function many(count: number, act: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await act(next++)
  }
  await Promise.all(Array.from({ length: 20 }, worker))
}

async function tokenOf(api: ApiServer, namespace: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`
  const { status } = await api.call<{ status: { token: string } }>('POST', path, { spec: { expirationSeconds: 600 } })
  return status.token
}

/** All that the reader needs, and no more. */
async function grant({ call }: ApiServer, namespace: string): Promise<void> {
  const verbs = ['list', 'watch']
  const rules = [
    { apiGroups: [''], resources: ['pods', 'namespaces', 'nodes'], verbs },
    { apiGroups: ['apps'], resources: ['replicasets'], verbs },
    { apiGroups: ['batch'], resources: ['jobs'], verbs },
  ]
  const dns = [
    { apiGroups: [''], resources: ['services'], verbs },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs },
  ]
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  const metadata = { name: 'postern-reader' }
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace }]
  const bind = (kind: string) => ({
    metadata,
    subjects,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
  })
  await call('POST', `${rbac}/clusterroles`, { metadata, rules })
  await call('POST', `${rbac}/clusterrolebindings`, bind('ClusterRole'))
  await call('POST', `${rbac}/namespaces/kube-system/roles`, { metadata, rules: dns })
  await call('POST', `${rbac}/namespaces/kube-system/rolebindings`, bind('Role'))
}
