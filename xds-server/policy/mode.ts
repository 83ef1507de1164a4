/**
 * Modes: which one a learned group has and why, and which one counts for a flow between two of them. Always with the
 * reason in words, because "why is this blocked?" is asked more often than anything else.
 */
import { namespaceOf } from './group.ts'
import type { EffectiveMode, Group, Mode, ModeResolution, Namespace, Settings } from './model.ts'
import { modes } from './model.ts'

/** Namespace label that gives the namespace's groups their default mode. */
const modeLabel = 'postern.dev/mode'

export type Modes = (learnedGroup: string) => EffectiveMode

const isMode = (text: string | undefined): text is Mode => modes.some((m) => m === text)

function namespaceMode(namespace: Namespace | undefined): string | undefined {
  return namespace && Object.hasOwn(namespace.labels, modeLabel) ? namespace.labels[modeLabel] : undefined
}

function defaultMode(group: string, namespace: Namespace | undefined, settings: Settings): EffectiveMode {
  const label = namespaceMode(namespace)
  const wanted = `label ${modeLabel}=${label} of namespace ${namespace?.name}`
  if (isMode(label)) return { mode: label, reason: `${group}: ${wanted}` }
  // A label that says nothing we know must not silently look like a decision.
  const ignored = label === undefined ? '' : ` (${wanted} is no mode)`
  return { mode: settings.newGroupMode, reason: `${group}: settings.newGroupMode${ignored}` }
}

/** The mode of each learned group: cluster override, its own, its namespace's label, `settings.newGroupMode`. */
export function modesOf(settings: Settings, groups: readonly Group[], namespaces: readonly Namespace[]): Modes {
  const stored = new Map(groups.flatMap((g) => (g.kind === 'learned' && g.mode !== null ? [[g.name, g.mode]] : [])))
  const byName = new Map(namespaces.map((n) => [n.name, n]))
  return (group) => {
    if (settings.mode !== null) return { mode: settings.mode, reason: 'settings.mode of the whole cluster' }
    const own = stored.get(group)
    if (own !== undefined) return { mode: own, reason: `${group}: its own mode` }
    return defaultMode(group, byName.get(namespaceOf(group) ?? ''), settings)
  }
}

const leniency: Readonly<Record<Mode, number>> = { discover: 0, monitor: 1, protect: 2 }
const byLeniency = (a: EffectiveMode, b: EffectiveMode): number => leniency[a.mode] - leniency[b.mode]

/** Which of the two ends' modes counts, when both have one. `destination`: one lax client can not open a server. */
const resolutions: Readonly<Record<ModeResolution, (s: EffectiveMode, d: EffectiveMode) => EffectiveMode>> = {
  destination: (_, destination) => destination,
  basic: (source, destination) => [destination, source].sort(byLeniency)[0]!,
  strict: (source, destination) => [destination, source].sort((a, b) => byLeniency(b, a))[0]!,
}

const names: Readonly<Record<ModeResolution, string>> = {
  destination: "the destination's mode counts",
  basic: 'the more lenient end counts (modeResolution basic)',
  strict: 'the stricter end counts (modeResolution strict)',
}

/** Nothing of ours sits at either end, so nothing is ever held up. */
const nobody: EffectiveMode = { mode: 'discover', reason: 'neither end has a sidecar' }

/** The mode of a flow between two ends; undefined: that end has no sidecar and so no mode. */
export function resolveMode(
  resolution: ModeResolution,
  source: EffectiveMode | undefined,
  destination: EffectiveMode | undefined,
): EffectiveMode {
  if (source === undefined || destination === undefined) {
    const only = destination ?? source
    const end = destination ? 'destination' : 'source'
    return only ? { mode: only.mode, reason: `${only.reason}; only the ${end} has a sidecar` } : nobody
  }
  const winner = resolutions[resolution](source, destination)
  return { mode: winner.mode, reason: `${winner.reason}; ${names[resolution]}` }
}
