import { expect, test } from 'vitest'
import { jobs, type Makers, ownerOf, replicaSets } from './owners.ts'
import { type Pod, pods } from './pods.ts'
import type { Resource } from './resource.ts'

function read<T>(resource: Resource<T>, object: object): T {
  const parsed = resource.read(object)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.value
}

type Parts = { readonly metadata?: object; readonly spec?: object; readonly status?: object }
const aPod = ({ metadata, spec, status }: Parts = {}): Pod =>
  read(pods, {
    metadata: { uid: 'u1', name: 'web-5d9-x', namespace: 'shop', resourceVersion: '1', ...metadata },
    spec: { containers: [{ name: 'app', image: 'web:1' }], nodeName: 'n1', ...spec },
    status: { phase: 'Running', podIP: '10.244.0.9', podIPs: [{ ip: '10.244.0.9' }, { ip: 'FD00:0::9' }], ...status },
  })

const madeBy = (kind: string, name: string) => ({ ownerReferences: [{ kind, name, uid: 'x', controller: true }] })

test('a pod as the policy sees it', () => {
  const containers = [
    {
      name: 'app',
      image: 'web:1',
      ports: [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP', name: 'dns' }],
    },
    { name: 'other', image: 'other:2', ports: [{ containerPort: 9, protocol: 'SCTP' }] },
  ]
  const initContainers = [{ name: 'postern-proxy', image: 'envoy:1', ports: [{ containerPort: 15_021 }] }]
  const pod = aPod({
    metadata: { labels: { app: 'web' }, managedFields: [{}] },
    spec: { containers, initContainers, serviceAccountName: 'web' },
  })
  expect(pod).toEqual({
    id: 'u1',
    name: 'web-5d9-x',
    namespace: 'shop',
    labels: { app: 'web' },
    serviceAccount: 'web',
    node: 'n1',
    image: 'web:1',
    ips: ['10.244.0.9', 'fd00::9'],
    ports: [
      { port: 80, protocol: 'tcp' },
      { port: 53, protocol: 'udp', name: 'dns' },
    ],
    managed: true,
    controller: undefined,
  })
})

test('a sidecar as a plain container is ours too, and is not the image of its pod', () => {
  const containers = [
    { name: 'postern-proxy', image: 'envoy:1' },
    { name: 'app', image: 'web:1' },
  ]
  expect(aPod({ spec: { containers } })).toMatchObject({ managed: true, image: 'web:1' })
  expect(aPod()).toMatchObject({ managed: false })
})

test('a pod has no address once it is deleted or has ended, before it has one, and on the network of its host', () => {
  expect(aPod({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }).ips).toEqual([])
  expect(aPod({ status: { phase: 'Succeeded' } }).ips).toEqual([])
  expect(aPod({ status: { phase: 'Failed' } }).ips).toEqual([])
  expect(aPod({ status: { phase: 'Pending', podIPs: undefined } }).ips).toEqual([])
  expect(aPod({ spec: { containers: [{ name: 'app' }], hostNetwork: true } }).ips).toEqual([])
})

test('an object that is not what it should be is a problem with its path', () => {
  expect(pods.read({ metadata: { uid: 'u', name: 'n', namespace: 's' }, spec: { containers: [{}] } })).toMatchObject({
    ok: false,
    problems: [{ path: 'spec.containers.0.name' }],
  })
})

const makers: Makers = {
  replicaSets: new Map([
    ['shop/web-5d9', read(replicaSets, { metadata: { name: 'web-5d9', ...madeBy('Deployment', 'web') } })],
    ['shop/alone', read(replicaSets, { metadata: { name: 'alone' } })],
    ['other/gone', read(replicaSets, { metadata: { name: 'gone', ...madeBy('Deployment', 'theirs') } })],
  ]),
  jobs: new Map([
    ['shop/report-1', read(jobs, { metadata: { name: 'report-1', ...madeBy('CronJob', 'report') } })],
    ['shop/once', read(jobs, { metadata: { name: 'once' } })],
  ]),
}

test.for<[kind: string, name: string, owner: ReturnType<typeof ownerOf>]>([
  ['ReplicaSet', 'web-5d9', { kind: 'Deployment', name: 'web' }],
  ['ReplicaSet', 'alone', { kind: 'Deployment', name: 'alone' }],
  ['ReplicaSet', 'gone', undefined], // another namespace's
  ['Job', 'report-1', { kind: 'CronJob', name: 'report' }],
  ['Job', 'once', { kind: 'Job', name: 'once' }],
  ['Job', 'not-yet', undefined],
  ['StatefulSet', 'db', { kind: 'StatefulSet', name: 'db' }],
  ['DaemonSet', 'agent', { kind: 'DaemonSet', name: 'agent' }],
  ['Node', 'n1', { kind: 'Pod', name: 'web-5d9-x' }],
  ['StrimziPodSet', 'kafka', { kind: 'Pod', name: 'kafka' }],
  ['constructor', 'odd', { kind: 'Pod', name: 'odd' }],
])('made by %s %s', ([kind, name, owner]) => {
  expect(ownerOf(aPod({ metadata: madeBy(kind, name) }), makers)).toEqual(owner)
})

test('nobody made it; an owner that is not its controller did not either', () => {
  const own = { kind: 'Pod', name: 'web-5d9-x' }
  expect(ownerOf(aPod(), makers)).toEqual(own)
  const ownerReferences = [{ kind: 'ReplicaSet', name: 'web-5d9', uid: 'x' }]
  expect(ownerOf(aPod({ metadata: { ownerReferences } }), makers)).toEqual(own)
})
