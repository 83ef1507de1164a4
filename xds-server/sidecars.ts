/** The sidecars as people see them: what xDS knows of the connected ones, and the managed workloads that are not there. */
import type { Backend, ProxyStatus, Rejection } from './api/backend.ts'
import type { Directory } from './policy/directory.ts'
import type { ProxyStatus as Connected, Quarantined } from './xds/status.ts'
import type { Xds } from './xds/xds.ts'

export function sidecars(
  xds: Pick<Xds, 'proxies' | 'quarantined'>,
  directory: Directory,
): ReturnType<Backend['proxies']> {
  const connected = xds.proxies()
  const there = new Set(connected.map(({ id }) => id))
  const refused = Map.groupBy(xds.quarantined(), ({ node }) => node)
  const missing = directory.world.inventory.workloads.filter(({ id, managed }) => managed && !there.has(id))
  return [...connected.map((one) => here(one, refused.get(one.id) ?? [])), ...missing.map(({ id }) => absent(id))].sort(
    (a, b) => (a.workload < b.workload ? -1 : 1),
  )
}

function here(one: Connected, refused: readonly Quarantined[]): ProxyStatus {
  const unanswered = Object.values(one.types).reduce((sum, { pending }) => sum + pending, 0)
  return {
    workload: one.id,
    class: one.class ?? '',
    connected: true,
    version: one.envoyVersion,
    since: one.connectedSince,
    // something it should have and has not been sent yet is pending, too
    pending: one.inSync ? unanswered : Math.max(1, unanswered),
    lagMs: Math.round(one.lagMs),
    rejected: refused.map(({ name, rules, message, at }): Rejection => ({ resource: name, rules, message, at })),
  }
}

function absent(workload: string): ProxyStatus {
  return { workload, class: '', connected: false, version: '', since: 0, pending: 0, lagMs: 0, rejected: [] }
}
