/** A reader of the cluster, as the control plane is one, that can be waited for. */
import type { AccessSource } from '../../xds-server/kubernetes/access.ts'
import { kubernetesClient } from '../../xds-server/kubernetes/client.ts'
import { clusterInventory } from '../../xds-server/kubernetes/cluster.ts'
import type { ReflectorReport } from '../../xds-server/kubernetes/reflector.ts'
import type { Inventory, Workload } from '../../xds-server/policy/model.ts'

export type Following = {
  readonly inventories: readonly Inventory[]
  readonly reports: readonly ReflectorReport[]
  /** The first inventory, from the last one on, that is so. */
  inventory(isSo: (inventory: Inventory) => boolean): Promise<Inventory>
  /** The first report from now on that is so. */
  report(isSo: (report: ReflectorReport) => boolean): Promise<ReflectorReport>
  end(): void
}

export function follow(access: AccessSource, options: { readonly silenceMs?: number } = {}): Following {
  const controller = new AbortController()
  const inventories: Inventory[] = []
  const reports: ReflectorReport[] = []
  const waiting = new Set<() => void>()
  const tell = () => {
    for (const look of waiting) look()
  }
  function first<T>(all: readonly T[], from: number, isSo: (one: T) => boolean): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    let seen = Math.max(from, 0)
    const look = () => {
      for (; seen < all.length; seen++)
        if (isSo(all[seen]!)) {
          waiting.delete(look)
          return resolve(all[seen]!)
        }
    }
    waiting.add(look)
    look()
    return promise
  }
  clusterInventory({
    client: kubernetesClient(access),
    signal: controller.signal,
    onInventory: (inventory) => {
      inventories.push(inventory)
      tell()
    },
    onReport: (report) => {
      reports.push(report)
      tell()
    },
    ...options,
  })
  return {
    inventories,
    reports,
    inventory: (isSo) => first(inventories, inventories.length - 1, isSo),
    report: (isSo) => first(reports, reports.length, isSo),
    end: () => controller.abort(),
  }
}

/** Of one namespace, by name. */
export const workloadsIn = ({ workloads }: Inventory, namespace: string): readonly Workload[] =>
  workloads.filter((workload) => workload.namespace === namespace)

export const namesIn = (inventory: Inventory, namespace: string): readonly string[] =>
  workloadsIn(inventory, namespace).map(({ name }) => name)

export const workloadNamed = ({ workloads }: Inventory, name: string): Workload | undefined =>
  workloads.find((workload) => workload.name === name)
