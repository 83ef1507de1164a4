/** What `postern check` asks, in the order a person should read it. Each says what is wrong and what to do about it. */
import type { Backend } from './backend.ts'

export type Check = {
  /** Stable: documentation anchors use it. */
  readonly id: string
  /** `error`: Postern does not do what the policy says. `warning`: it does, and somebody should know something. */
  readonly level: 'ok' | 'warning' | 'error'
  readonly title: string
  readonly details: readonly string[]
  readonly hint: string
}

type Finding = Omit<Check, 'level'> & {
  /** What it is when there are details. */
  readonly otherwise: 'warning' | 'error'
}

/** A sidecar that has not acknowledged for this long is stale: a push to 2,000 takes 0.25 s, a slow Envoy 5 s. */
const staleAfterMs = 15_000
/** Of each check; the last line says how many more there are. */
const maxDetails = 20

/** Foundation first: a sidecar can not be current while the store is broken. */
const findings: readonly ((backend: Backend) => Finding)[] = [
  parts,
  disconnected,
  stale,
  rejected,
  compiled,
  unmanaged, // a fact of the cluster, not a defect: last
]

export function checks(backend: Backend): readonly Check[] {
  return findings.map((find) => {
    const { otherwise, details, ...found } = find(backend)
    return { ...found, level: details.length === 0 ? 'ok' : otherwise, details: cut(details) }
  })
}

function cut(details: readonly string[]): readonly string[] {
  if (details.length <= maxDetails) return details
  return [...details.slice(0, maxDetails - 1), `and ${details.length - maxDetails + 1} more`]
}

function parts(backend: Backend): Finding {
  return {
    id: 'parts-healthy',
    otherwise: 'error',
    title: 'The control plane’s parts work',
    details: backend.health().flatMap((part) => (part.ok ? [] : `${part.name}: ${part.detail}`)),
    hint: 'The log of the control plane has the cause.',
  }
}

function disconnected(backend: Backend): Finding {
  const connected = new Set(backend.proxies().flatMap((p) => (p.connected ? p.workload : [])))
  const missing = backend
    .directory()
    .world.inventory.workloads.filter((w) => w.managed && w.ips.length > 0 && !connected.has(w.id))
  return {
    id: 'sidecars-connected',
    otherwise: 'error',
    title: 'Every managed workload has its sidecar connected',
    details: missing.map((w) => `${w.namespace}/${w.name} runs on its last configuration, or on none: then it denies`),
    hint: 'See the sidecar’s log: can it reach port 15010 of the control plane, and is its token valid?',
  }
}

function stale(backend: Backend): Finding {
  const late = backend.proxies().filter((p) => p.connected && p.lagMs > staleAfterMs)
  return {
    id: 'sidecars-current',
    otherwise: 'error',
    title: 'Every connected sidecar has the newest configuration',
    details: late.map((p) => `${p.workload}: ${p.pending} resources wait since ${Math.round(p.lagMs / 1000)} s`),
    hint: 'postern proxies shows which; a restart of that sidecar fetches everything anew.',
  }
}

function rejected(backend: Backend): Finding {
  const refusals = backend.proxies().flatMap((p) => p.rejected.map((r) => ({ ...r, workload: p.workload })))
  return {
    id: 'configuration-accepted',
    otherwise: 'error',
    title: 'Every sidecar accepted what it was sent',
    details: refusals.map(
      (r) => `${r.workload} refused ${r.resource} (rules ${r.rules.join(', ') || 'none'}): ${r.message}`,
    ),
    hint: 'The last good configuration stays. Change or disable the rules named; postern rules get ID shows one.',
  }
}

function compiled(backend: Backend): Finding {
  return {
    id: 'policy-compiled',
    otherwise: 'error',
    title: 'Every rule can be enforced as written',
    details: backend
      .compileStatus()
      .map((s) => `${s.class}${s.rule === undefined ? '' : ` rule ${s.rule}`}: ${s.message}`),
    hint: 'Change the rules or groups named.',
  }
}

function unmanaged(backend: Backend): Finding {
  const without = backend.directory().world.inventory.workloads.filter((w) => !w.managed && w.ips.length > 0)
  return {
    id: 'workloads-managed',
    otherwise: 'warning',
    title: 'Every workload has a sidecar',
    details: without.map((w) => `${w.namespace}/${w.name} has none: only the other end’s sidecar decides about it`),
    hint: 'Opt its namespace in, or leave it if that is meant.',
  }
}
