/** Namespaces and nodes: where pods are. */
import { z } from 'zod'
import { canonicalAddress, formatCidr, parseCidr } from '../policy/address.ts'
import type { ClusterNode, Namespace } from '../policy/model.ts'
import { labels, type Resource, reader } from './resource.ts'

export const namespaces: Resource<Namespace> = {
  name: 'namespaces',
  path: '/api/v1/namespaces',
  metadataOnly: true,
  read: reader(z.object({ metadata: z.object({ name: z.string(), labels }) }), ({ metadata }) => metadata),
}

export type Node = ClusterNode & {
  /** Which of the pod network's addresses are this node's to give; many networks do not say so here. */
  readonly podCidrs: readonly string[]
}

const node = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ podCIDRs: z.array(z.string()).default([]) }).default({ podCIDRs: [] }),
  status: z
    .object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]) })
    .default({ addresses: [] }),
})

export const nodes: Resource<Node> = {
  name: 'nodes',
  path: '/api/v1/nodes',
  read: reader(node, ({ metadata, spec, status }) => ({
    name: metadata.name,
    // Hostname and DNS entries are no addresses and fall out here
    ips: [...new Set(status.addresses.flatMap(({ address }) => canonicalAddress(address) ?? []))],
    podCidrs: spec.podCIDRs.flatMap((cidr) => blockOf(cidr) ?? []),
  })),
}

function blockOf(text: string): string | undefined {
  const cidr = parseCidr(text)
  return cidr && formatCidr(cidr)
}
