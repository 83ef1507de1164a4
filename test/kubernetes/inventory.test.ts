/** The cluster as the control plane reads it, from a real API server. */
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiServer, startApiServer } from './api-server.ts'
import { kubernetesBinaries } from './binaries.ts'
import { type FaultyProxy, faultyProxy } from './faulty-proxy.ts'
import { type Following, follow, namesIn, workloadNamed, workloadsIn } from './following.ts'
import { createPod, createReplicaSet, runPod } from './objects.ts'

const binaries = kubernetesBinaries('api')

describe.skipIf(binaries === undefined)('a real API server', () => {
  let api: ApiServer
  beforeAll(async () => {
    api = await startApiServer(binaries!)
  })
  afterAll(() => api?.stop())

  function following(...args: Parameters<typeof follow>): Following {
    const reader = follow(...args)
    onTestFinished(reader.end)
    return reader
  }
  const proxies: FaultyProxy[] = []
  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.close()
  })
  async function throughProxy(options: Parameters<typeof follow>[1] = {}) {
    const proxy = await faultyProxy(api.port)
    proxies.push(proxy)
    const server = `https://127.0.0.1:${proxy.port}`
    return { proxy, reader: following(async () => ({ ...(await api.access()), server }), options) }
  }
  const podPath = (namespace: string, name: string) => `/api/v1/namespaces/${namespace}/pods/${name}`

  test('the first inventory has everything: pods with their owners, namespaces, nodes, the pod network, DNS servers', async () => {
    const namespace = await api.namespace({ team: 'shop' })
    await createReplicaSet(api, namespace, 'web-5d9', 'web')
    await createPod(api, {
      name: 'web-5d9-x',
      namespace,
      replicaSet: 'web-5d9',
      labels: { app: 'web' },
      ip: '10.244.1.7',
    })
    await createNode(api)
    await createDns(api)
    const { inventories, inventory } = following(api.access)
    const first = await inventory(() => true)
    expect(inventories).toEqual([first])
    expect(workloadsIn(first, namespace)).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: 'web-5d9-x',
        namespace,
        labels: { app: 'web' },
        serviceAccount: 'default',
        node: '',
        image: 'app:1',
        owner: { kind: 'Deployment', name: 'web' },
        ips: ['10.244.1.7'],
        ports: [],
        managed: false,
      },
    ])
    expect(first.namespaces.find(({ name }) => name === namespace)?.labels).toMatchObject({ team: 'shop' })
    expect(first.namespaces.map(({ name }) => name)).toContain('kube-system')
    expect(first).toMatchObject({
      nodes: [{ name: 'n1', ips: ['172.31.0.2'] }],
      podCidrs: ['10.244.1.0/24'],
      dnsServers: ['10.244.1.3', '10.96.0.10'],
      resolved: {},
    })
  })

  test('a pod from its creation to its end: an address, other labels, none while it is deleted, gone', async () => {
    const namespace = await api.namespace()
    const { inventory } = following(api.access)
    await inventory(() => true)
    const pod = { name: 'p', namespace, finalizers: ['test.example/hold'] }
    const seen = (isSo: (ips: readonly string[], labels: object) => boolean) =>
      inventory((now) => workloadsIn(now, namespace).some(({ ips, labels }) => isSo(ips, labels)))
    await createPod(api, pod)
    await seen((ips) => ips.length === 0)
    await runPod(api, pod, '10.244.1.9')
    await seen((ips) => ips[0] === '10.244.1.9')
    await api.call('PATCH', podPath(namespace, 'p'), { metadata: { labels: { tier: 'front' } } })
    await seen((_ips, labels) => 'tier' in labels)
    await api.call('DELETE', podPath(namespace, 'p'), { gracePeriodSeconds: 0 })
    await seen((ips) => ips.length === 0)
    await api.call('PATCH', podPath(namespace, 'p'), { metadata: { finalizers: null } })
    await inventory((now) => workloadsIn(now, namespace).length === 0)
  })

  test('what nobody reads of a pod is no change', async () => {
    const namespace = await api.namespace()
    await createPod(api, { name: 'p', namespace })
    const { inventories, inventory } = following(api.access)
    await inventory(() => true)
    for (const reason of ['a', 'b', 'c'])
      await api.call('PATCH', podPath(namespace, 'p'), { metadata: { annotations: { reason } } })
    await createPod(api, { name: 'q', namespace })
    const last = await inventory((now) => namesIn(now, namespace).length === 2)
    expect(inventories).toHaveLength(2)
    expect(workloadNamed(last, 'p')).toBe(workloadNamed(inventories[0]!, 'p'))
  })

  test('a pod whose ReplicaSet is not there yet is nobody; one whose ReplicaSet goes first stays who it was', async () => {
    const namespace = await api.namespace()
    const { inventories, inventory } = following(api.access)
    await createPod(api, { name: 'a-1-x', namespace, replicaSet: 'a-1' })
    await createPod(api, { name: 'other', namespace })
    await inventory((now) => namesIn(now, namespace).includes('other'))
    expect(inventories.some((now) => namesIn(now, namespace).includes('a-1-x'))).toBe(false)
    await createReplicaSet(api, namespace, 'a-1', 'a')
    await inventory((now) => workloadNamed(now, 'a-1-x')?.owner.name === 'a')
    await api.call('DELETE', `/apis/apps/v1/namespaces/${namespace}/replicasets/a-1`)
    await api.call('PATCH', podPath(namespace, 'a-1-x'), { metadata: { labels: { later: 'yes' } } })
    const later = await inventory((now) => workloadNamed(now, 'a-1-x')?.labels.later === 'yes')
    expect(workloadNamed(later, 'a-1-x')?.owner).toEqual({ kind: 'Deployment', name: 'a' })
  })

  test('kill -9 of the API server: what was known stays, and what comes after is seen', async () => {
    const namespace = await api.namespace()
    await createPod(api, { name: 'before', namespace })
    const { inventories, inventory, report } = following(api.access)
    await inventory((now) => namesIn(now, namespace).includes('before'))
    const lost = report(({ kind }) => kind === 'interrupted')
    await api.kill()
    await lost
    await api.restart()
    await createPod(api, { name: 'after', namespace })
    await inventory((now) => namesIn(now, namespace).includes('after'))
    expect(inventories.every((now) => namesIn(now, namespace).includes('before'))).toBe(true)
  })

  test('away while a pod is deleted and the history is compacted: 410, a new list, and the pod is gone', async () => {
    const namespace = await api.namespace()
    for (const name of ['goes', 'stays']) await createPod(api, { name, namespace })
    const { proxy, reader } = await throughProxy()
    await reader.inventory((now) => namesIn(now, namespace).length === 2)
    const listedAgain = reader.report((report) => report.kind === 'listed' && report.resource === 'pods')
    proxy.cut()
    await api.call('DELETE', podPath(namespace, 'goes'), { gracePeriodSeconds: 0 })
    await createPod(api, { name: 'comes', namespace })
    await api.compact()
    await api.kill() // its own memory of the changes would do instead of etcd's
    await api.restart()
    proxy.mend()
    await reader.inventory((now) => namesIn(now, namespace).join() === 'comes,stays')
    await listedAgain
    expect(reader.inventories.every((now) => namesIn(now, namespace).includes('stays'))).toBe(true)
  })

  test('etcd stands still: what was known stays, and when it goes on so do we', async () => {
    const namespace = await api.namespace()
    await createPod(api, { name: 'before', namespace })
    const { inventories, inventory } = following(api.access)
    await inventory((now) => namesIn(now, namespace).includes('before'))
    api.pauseEtcd()
    onTestFinished(api.resumeEtcd)
    const late = follow(api.access) // a control plane that starts now
    onTestFinished(late.end)
    const created = createPod(api, { name: 'after', namespace })
    await expect(api.call('GET', `${podPath(namespace, 'before')}?timeout=1s`)).rejects.toThrow()
    expect(late.inventories).toEqual([])
    api.resumeEtcd()
    await created
    await Promise.all(
      [inventory, late.inventory].map((seen) => seen((now) => namesIn(now, namespace).includes('after'))),
    )
    expect(inventories.every((now) => namesIn(now, namespace).includes('before'))).toBe(true)
  })

  test('a connection that is dead and does not say so is left for a new one', async () => {
    const namespace = await api.namespace()
    const { proxy, reader } = await throughProxy({ silenceMs: 1_000 })
    await reader.inventory(() => true)
    proxy.freeze()
    await createPod(api, { name: 'unheard', namespace })
    await reader.inventory((now) => namesIn(now, namespace).includes('unheard'))
    expect(
      reader.reports.some((report) => report.kind === 'interrupted' && report.cause.includes('nothing heard')),
    ).toBe(true)
  })

  test.for(['reset', 'corrupt'] as const)(
    'a slow network whose connections all end in the middle: %s',
    async (kind) => {
      const namespace = await api.namespace()
      const { proxy, reader } = await throughProxy()
      proxy.delay(2)
      let nth = 0
      proxy.limit({ kind, afterBytes: () => 20_000 + (nth++ % 7) * 40_000 })
      proxy.cut()
      proxy.mend()
      const names = Array.from({ length: 60 }, (_, i) => `p${String(i).padStart(2, '0')}`)
      for (const name of names) await createPod(api, { name, namespace })
      for (const name of names.slice(0, 30))
        await api.call('DELETE', podPath(namespace, name), { gracePeriodSeconds: 0 })
      await reader.inventory((now) => namesIn(now, namespace).join() === names.slice(30).join())
      expect(reader.reports.filter((report) => report.kind === 'interrupted').length).toBeGreaterThan(1)
    },
  )
})

async function createNode({ call }: ApiServer): Promise<void> {
  await call('POST', '/api/v1/nodes', {
    metadata: { name: 'n1' },
    spec: { podCIDRs: ['10.244.1.0/24'], podCIDR: '10.244.1.0/24' },
  })
  const addresses = [
    { type: 'InternalIP', address: '172.31.0.2' },
    { type: 'Hostname', address: 'n1' },
  ]
  await call('PATCH', '/api/v1/nodes/n1/status', { status: { addresses } })
}

async function createDns({ call }: ApiServer): Promise<void> {
  const labels = { 'k8s-app': 'kube-dns' }
  const spec = { clusterIP: '10.96.0.10', ports: [{ port: 53, protocol: 'UDP' }] }
  await call('POST', '/api/v1/namespaces/kube-system/services', { metadata: { name: 'kube-dns', labels }, spec })
  await call('POST', '/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices', {
    metadata: { name: 'kube-dns-1', labels: { ...labels, 'kubernetes.io/service-name': 'kube-dns' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.244.1.3'] }],
  })
}
