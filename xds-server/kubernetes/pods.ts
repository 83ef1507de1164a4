/** Pod → what the policy wants to know of it, but for its owner: that takes other objects. */
import { z } from 'zod'
import { canonicalAddress } from '../policy/address.ts'
import type { DeclaredPort, Workload } from '../policy/model.ts'
import { type Controller, controllerOf, labels, ownerReferences, type Resource, reader } from './resource.ts'

/** Of the injected sidecar (the webhook's and the lab's word for it). */
const sidecarContainer = 'postern-proxy'

export type Pod = Omit<Workload, 'owner'> & { readonly controller: Controller | undefined }

const container = z.object({
  name: z.string(),
  image: z.string().default(''),
  ports: z
    .array(z.object({ containerPort: z.number(), protocol: z.string().default('TCP'), name: z.string().optional() }))
    .default([]),
})
const schema = z.object({
  metadata: z.object({
    uid: z.string(),
    name: z.string(),
    namespace: z.string(),
    labels,
    deletionTimestamp: z.string().optional(),
    ownerReferences,
  }),
  spec: z.object({
    serviceAccountName: z.string().default('default'),
    nodeName: z.string().default(''),
    hostNetwork: z.boolean().default(false),
    containers: z.array(container),
    initContainers: z.array(container).default([]),
  }),
  status: z
    .object({ phase: z.string().default(''), podIPs: z.array(z.object({ ip: z.string() })).default([]) })
    .default({ phase: '', podIPs: [] }),
})
type PodObject = z.infer<typeof schema>

export const pods: Resource<Pod> = { name: 'pods', path: '/api/v1/pods', read: reader(schema, project) }

function project({ metadata, spec, status }: PodObject): Pod {
  const own = spec.containers.filter(({ name }) => name !== sidecarContainer)
  return {
    id: metadata.uid,
    name: metadata.name,
    namespace: metadata.namespace,
    labels: metadata.labels,
    serviceAccount: spec.serviceAccountName,
    node: spec.nodeName,
    image: own[0]?.image ?? '',
    ips: addressesOf({ metadata, spec, status }),
    ports: own.flatMap(({ ports }) => ports.flatMap(declaredPort)),
    managed: [...spec.containers, ...spec.initContainers].some(({ name }) => name === sidecarContainer),
    controller: controllerOf(metadata.ownerReferences),
  }
}

/**
 * None once it ends: the address may be another pod's tomorrow. None on the host's network: the address is the node's,
 * and everybody's on it.
 */
function addressesOf({ metadata, spec, status }: PodObject): readonly string[] {
  const ends = metadata.deletionTimestamp !== undefined || status.phase === 'Succeeded' || status.phase === 'Failed'
  if (ends || spec.hostNetwork) return []
  return status.podIPs.flatMap(({ ip }) => canonicalAddress(ip) ?? [])
}

const protocols: Readonly<Record<string, DeclaredPort['protocol']>> = { TCP: 'tcp', UDP: 'udp' }

/** SCTP is nothing a sidecar can see. */
function declaredPort(port: PodObject['spec']['containers'][number]['ports'][number]): readonly DeclaredPort[] {
  const protocol = protocols[port.protocol]
  if (protocol === undefined) return []
  return [{ port: port.containerPort, protocol, ...(port.name !== undefined && { name: port.name }) }]
}
