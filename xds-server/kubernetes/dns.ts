/**
 * The cluster's DNS servers: the address that pods ask, and those of the servers behind it. Only these Services and
 * EndpointSlices are asked for: all the others are most of what changes in a cluster, and no rule is about them.
 */
import { z } from 'zod'
import { canonicalAddress } from '../policy/address.ts'
import { type Resource, reader } from './resource.ts'

/** Addresses, sorted. */
export type Addresses = readonly string[]

/** CoreDNS and kube-dns are installed with this label everywhere; a Service's labels are also on its EndpointSlices. */
const selector = 'k8s-app=kube-dns'

const addresses = (texts: readonly string[]): Addresses => texts.flatMap((ip) => canonicalAddress(ip) ?? []).sort()

const service = z.object({ spec: z.object({ clusterIPs: z.array(z.string()).default([]) }) })
/** A headless one says `None`, which is no address. */
export const dnsServices: Resource<Addresses> = {
  name: 'services',
  path: '/api/v1/namespaces/kube-system/services',
  selector,
  read: reader(service, ({ spec }) => addresses(spec.clusterIPs)),
}

/** The API writes `null` for none. */
const slice = z.object({ endpoints: z.array(z.object({ addresses: z.array(z.string()) })).nullish() })
export const dnsEndpoints: Resource<Addresses> = {
  name: 'endpointslices',
  path: '/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices',
  selector,
  read: reader(slice, ({ endpoints }) => addresses((endpoints ?? []).flatMap((endpoint) => endpoint.addresses))),
}
