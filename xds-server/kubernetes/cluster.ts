/**
 * The cluster → `Inventory`: the copies of its objects, put together whenever one of them changed.
 *
 * Promises: nothing before every copy was synced once; what could not be reached later stays as it was; many changes are
 * one inventory; what did not change keeps its identity, so that who compares needs not look into it. Never guesses who a
 * pod is: one whose maker is not known (yet) is left out, and its address is `unknown`.
 */
import type { Inventory, Workload } from '../policy/model.ts'
import type { KubernetesClient } from './client.ts'
import { type Addresses, dnsEndpoints, dnsServices } from './dns.ts'
import { jobs, type Makers, ownerOf, replicaSets } from './owners.ts'
import { namespaces, nodes } from './places.ts'
import { type Pod, pods } from './pods.ts'
import { type Reflector, type ReflectorReport, reflect } from './reflector.ts'
import type { Resource } from './resource.ts'

/** From the first change to the inventory that has it: what comes within is one. */
const coalesceMs = 50

export type ClusterOptions = {
  readonly client: KubernetesClient
  readonly signal: AbortSignal
  /** The first when every kind of object was listed once; then one for each change, at most one in 50 ms. */
  readonly onInventory: (inventory: Inventory) => void
  readonly onReport: (report: ReflectorReport) => void
  /** Of the pod network, where the nodes do not say so (`spec.podCIDRs`). */
  readonly podCidrs?: readonly string[]
  /** See `ReflectorOptions`. */
  readonly silenceMs?: number
}

type Copies = Makers & {
  readonly pods: ReadonlyMap<string, Pod>
  readonly namespaces: ReadonlyMap<string, Inventory['namespaces'][number]>
  readonly nodes: ReadonlyMap<string, Inventory['nodes'][number] & { readonly podCidrs: readonly string[] }>
  readonly dnsServices: ReadonlyMap<string, Addresses>
  readonly dnsEndpoints: ReadonlyMap<string, Addresses>
}

/** Follows the cluster until the signal ends it. */
export function clusterInventory(options: ClusterOptions): void {
  const { signal } = options
  let timer: NodeJS.Timeout | undefined
  const workloadsOf = workloads()
  const all: Reflector<unknown>[] = []

  function follow<T>(resource: Resource<T>): Reflector<T> {
    const { client, onReport, silenceMs } = options
    const reflector = reflect(resource, { client, signal, onReport, onChange, ...(silenceMs && { silenceMs }) })
    all.push(reflector)
    return reflector
  }
  function onChange(): void {
    timer ??= setTimeout(publish, coalesceMs)
  }
  function publish(): void {
    timer = undefined
    if (!signal.aborted && all.every(({ synced }) => synced)) options.onInventory(inventory())
  }

  const of = {
    pods: follow(pods),
    replicaSets: follow(replicaSets),
    jobs: follow(jobs),
    namespaces: follow(namespaces),
    nodes: follow(nodes),
    dnsServices: follow(dnsServices),
    dnsEndpoints: follow(dnsEndpoints),
  }
  const copies = (): Copies => ({
    pods: of.pods.items,
    replicaSets: of.replicaSets.items,
    jobs: of.jobs.items,
    namespaces: of.namespaces.items,
    nodes: of.nodes.items,
    dnsServices: of.dnsServices.items,
    dnsEndpoints: of.dnsEndpoints.items,
  })
  const inventory = (): Inventory => inventoryOf(copies(), workloadsOf, options.podCidrs ?? [])

  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
}

type WorkloadsOf = (pods: ReadonlyMap<string, Pod>, makers: Makers) => readonly Workload[]

function inventoryOf(copies: Copies, workloadsOf: WorkloadsOf, podCidrs: readonly string[]): Inventory {
  const nodes = sorted(copies.nodes)
  return {
    workloads: workloadsOf(copies.pods, copies),
    namespaces: sorted(copies.namespaces),
    nodes: nodes.map(({ name, ips }) => ({ name, ips })),
    podCidrs: [...new Set([...podCidrs, ...nodes.flatMap((node) => node.podCidrs)])],
    dnsServers: dnsServers(copies),
    resolved: {},
  }
}

/** In the order of their keys: the same cluster, the same inventory, whatever came first. */
function sorted<T>(items: ReadonlyMap<string, T>): readonly T[] {
  return [...items.keys()].sort().map((key) => items.get(key)!)
}

const dnsServers = ({ dnsServices, dnsEndpoints }: Copies): readonly string[] =>
  [...new Set([...dnsServices.values(), ...dnsEndpoints.values()].flat())].sort()

type Known = { readonly pod: Pod; readonly workload: Workload }

/**
 * Pods with their owners. A pod's owner never changes, so it is remembered: a ReplicaSet that is deleted a moment before
 * its pods does not make strangers of them.
 */
function workloads(): WorkloadsOf {
  let known: ReadonlyMap<string, Known> = new Map()
  return (pods, makers) => {
    const now = new Map<string, Known>()
    for (const pod of sorted(pods)) {
      const workload = workloadOf(pod, known.get(pod.id), makers)
      if (workload !== undefined) now.set(pod.id, { pod, workload })
    }
    known = now
    return [...now.values()].map(({ workload }) => workload)
  }
}

function workloadOf(pod: Pod, before: Known | undefined, makers: Makers): Workload | undefined {
  if (before?.pod === pod) return before.workload
  const owner = before?.workload.owner ?? ownerOf(pod, makers)
  if (owner === undefined) return undefined
  const { controller: _, ...rest } = pod
  return { ...rest, owner }
}
