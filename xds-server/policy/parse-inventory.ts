/** The cluster as it is, from a file: addresses are made canonical, what is left out is ordinary. */
import { canonicalAddress, formatCidr, parseCidr } from './address.ts'
import { isHostPattern } from './fqdn.ts'
import type { ClusterNode, DeclaredPort, Inventory, Namespace, Owner, Parsed, Problem, Workload } from './model.ts'
import type { Reader } from './parse.ts'
import {
  anyText,
  at,
  flag,
  integer,
  list,
  omissible,
  oneOf,
  optional,
  parseWith,
  record,
  required,
  struct,
  text,
} from './parse.ts'

const maxWorkloads = 100_000
const maxNodes = 15_000
/** Addresses of one thing, labels of one object, ports of one workload. */
const maxOfOne = 1_000

const name = text((value) => (value === '' ? { wrong: 'is empty' } : { value }), 253)
const labels = optional<Workload['labels']>(record(anyText(317), anyText(), maxOfOne), {})

const address = text((value) => {
  const canonical = canonicalAddress(value)
  return canonical === undefined ? { wrong: `\`${value}\` is no address` } : { value: canonical }
})
const addresses = list(address, maxOfOne)

const block = text((value) => {
  const cidr = parseCidr(value)
  return cidr === undefined ? { wrong: `\`${value}\` is no block of addresses` } : { value: formatCidr(cidr) }
})

const readOwner = struct<Owner>({
  kind: required(oneOf(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod'])),
  name: required(name),
})

const readPort = struct<DeclaredPort>({
  port: required(integer(1, 65_535)),
  protocol: optional(oneOf(['tcp', 'udp']), 'tcp'),
  name: omissible(name),
})

type WrittenWorkload = Omit<Workload, 'name' | 'owner'> & { readonly name?: string; readonly owner?: Owner }

const writtenWorkload = struct<WrittenWorkload>({
  id: required(name),
  name: omissible(name),
  namespace: required(name),
  labels,
  serviceAccount: optional(anyText(253), 'default'),
  node: optional(anyText(253), ''),
  image: optional(anyText(), ''),
  owner: omissible(readOwner),
  ips: required(addresses),
  ports: optional<readonly DeclaredPort[]>(list(readPort, maxOfOne), []),
  managed: optional(flag, false),
})

/** A pod nobody owns is its own owner. */
const readWorkload: Reader<Workload> = (input, path, problems) => {
  const written = writtenWorkload(input, path, problems)
  if (written === undefined) return undefined
  const called = written.name ?? written.id
  return { ...written, name: called, owner: written.owner ?? { kind: 'Pod', name: called } }
}

const hostName = text((value) => {
  const lower = value.toLowerCase().replace(/\.$/, '')
  return isHostPattern(lower) && !lower.startsWith('*') ? { value: lower } : { wrong: `\`${value}\` is no host name` }
})

const readInventory = struct<Inventory>({
  workloads: required(list(readWorkload, maxWorkloads)),
  namespaces: optional<readonly Namespace[]>(
    list(struct<Namespace>({ name: required(name), labels }), maxWorkloads),
    [],
  ),
  nodes: optional<readonly ClusterNode[]>(
    list(struct<ClusterNode>({ name: required(name), ips: required(addresses) }), maxNodes),
    [],
  ),
  podCidrs: required(list(block, maxNodes)),
  dnsServers: optional<readonly string[]>(addresses, []),
  resolved: optional<Inventory['resolved']>(record(hostName, addresses, maxWorkloads), {}),
})

function sameIds(workloads: readonly Workload[], path: string): readonly Problem[] {
  const seen = new Set<string>()
  return workloads.flatMap(({ id }, i) => {
    const again = seen.has(id)
    seen.add(id)
    return again ? [{ path: `${path}[${i}].id`, message: `\`${id}\` is another workload’s id, too` }] : []
  })
}

/** Workload ids are unique. Two workloads may claim one address: it is nobody's then (endpoints.ts). */
export function parseInventory(input: unknown, path = ''): Parsed<Inventory> {
  const inventory = parseWith(readInventory, input, path)
  if (!inventory.ok) return inventory
  const problems = sameIds(inventory.value.workloads, at(path, 'workloads'))
  return problems.length === 0 ? inventory : { ok: false, problems }
}
