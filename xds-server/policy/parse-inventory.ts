/** The cluster as a machine wrote it down: every field is there, and equal addresses come out as equal texts. */
import { canonicalAddress, formatCidr, parseCidr } from './address.ts'
import { isHostPattern } from './fqdn.ts'
import type { ClusterNode, DeclaredPort, Inventory, Namespace, Owner, Parsed, Problem, Workload } from './model.ts'
import type { Reader } from './parse.ts'
import { anyText, flag, integer, list, omissible, oneOf, parseWith, record, required, struct, text } from './parse.ts'

const maxWorkloads = 100_000
const maxNodes = 15_000
/** Addresses of one thing, labels of one object, ports of one workload. */
const maxOfOne = 1_000

const name = text((value) => (value === '' ? { wrong: 'is empty' } : { value }), 253)
/** A prefix (253), a slash and a name (63); values are shorter, but nothing here depends on it. */
const labels = required<Workload['labels']>(record(anyText(317), anyText(), maxOfOne))

const address = text((value) => {
  const canonical = canonicalAddress(value)
  return canonical === undefined ? { wrong: `\`${value}\` is no address` } : { value: canonical }
})
const addresses = list(address, maxOfOne)

const block = text((value) => {
  const cidr = parseCidr(value)
  return cidr === undefined ? { wrong: `\`${value}\` is no block of addresses` } : { value: formatCidr(cidr) }
})

const hostName = text((value) =>
  isHostPattern(value) && !value.startsWith('*')
    ? { value }
    : { wrong: `\`${value}\` is no host name in lower case without a dot at its end` },
)

const readOwner = struct<Owner>({
  kind: required(oneOf(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod'])),
  name: required(name),
})

const readPort = struct<DeclaredPort>({
  port: required(integer(1, 65_535)),
  protocol: required(oneOf(['tcp', 'udp'])),
  name: omissible(name),
})

const readWorkload = struct<Workload>({
  id: required(name),
  name: required(name),
  namespace: required(name),
  labels,
  serviceAccount: required(name),
  node: required(name),
  image: required(anyText(4096)),
  owner: required(readOwner),
  ips: required(addresses),
  ports: required(list(readPort, maxOfOne)),
  managed: required(flag),
})

/**
 * Ids are unique. So are addresses: who writes a file knows whose an address is (where two sources disagree about a
 * living cluster, it is nobody's: endpoints.ts).
 */
const readWorkloads: Reader<readonly Workload[]> = (input, path, problems) => {
  const workloads = list(readWorkload, maxWorkloads)(input, path, problems)
  if (workloads === undefined) return undefined
  const wrong = [...taken(workloads, path, 'id', ({ id }) => [id]), ...taken(workloads, path, 'ips', ({ ips }) => ips)]
  problems.push(...wrong)
  return wrong.length > 0 ? undefined : workloads
}

/** A problem for each workload that has what an earlier one has. */
function taken(
  workloads: readonly Workload[],
  path: string,
  field: 'id' | 'ips',
  of: (workload: Workload) => readonly string[],
): readonly Problem[] {
  const owners = new Map<string, number>()
  return workloads.flatMap((workload, i) => {
    const again = of(workload).find((item) => (owners.get(item) ?? i) !== i)
    for (const item of of(workload)) if (!owners.has(item)) owners.set(item, i)
    if (again === undefined) return []
    return [{ path: `${path}[${i}].${field}`, message: `\`${again}\` is of ${path}[${owners.get(again)}], too` }]
  })
}

const readInventory = struct<Inventory>({
  workloads: required(readWorkloads),
  namespaces: required(list(struct<Namespace>({ name: required(name), labels }), maxWorkloads)),
  nodes: required(list(struct<ClusterNode>({ name: required(name), ips: required(addresses) }), maxNodes)),
  podCidrs: required(list(block, maxNodes)),
  dnsServers: required(addresses),
  resolved: required<Inventory['resolved']>(record(hostName, addresses, maxWorkloads)),
})

export function parseInventory(input: unknown, path = ''): Parsed<Inventory> {
  return parseWith(readInventory, input, path)
}
