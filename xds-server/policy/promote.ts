/**
 * Auto-promotion: a learned group that was watched long enough in Discover goes to Monitor, one that was watched long
 * enough in Monitor to Protect. Watched is the time in its mode, with a member that has a sidecar, while somebody looked
 * at what it did; any violation sets it back to nothing.
 * Pure: the time that went by is an argument. Promotes nobody while the cluster's override decides, and never back.
 */
import type { Directory } from './directory.ts'
import { learnedGroup } from './group.ts'
import type { Mode, Settings } from './model.ts'

export type Watched = { readonly mode: Mode; readonly ms: number }
/** Learned group → how long it was watched in its mode; who was seen longest ago comes first. */
export type Clocks = ReadonlyMap<string, Watched>

/** What was seen since the look before. */
export type Look = {
  readonly directory: Directory
  readonly elapsedMs: number
  /** Groups at either end of a violation. */
  readonly violated: (group: string) => boolean
}

export type Promotion = { readonly group: string; readonly mode: Mode; readonly hours: number }
export type Watching = { readonly clocks: Clocks; readonly promotions: readonly Promotion[] }

/** Groups watched at once, 60 bytes each. Past it those seen longest ago begin anew when they are seen again. */
export const maxWatched = 10_000

type AutoPromote = Settings['autoPromote']
type Goal = Omit<Promotion, 'group'>

/** Where a group of each mode goes, and after how many hours; undefined: it stays. */
const goals: Readonly<Record<Mode, (after: AutoPromote) => Goal | undefined>> = {
  discover: ({ toMonitor }) => (toMonitor === null ? undefined : { mode: 'monitor', hours: toMonitor }),
  monitor: ({ toProtect }) => (toProtect === null ? undefined : { mode: 'protect', hours: toProtect }),
  protect: () => undefined,
}

const hourMs = 3_600_000

/** One look: the clocks go on, and who is due is promoted. While the cluster's override decides they stand. */
export function watch(clocks: Clocks, look: Look): Watching {
  const { settings } = look.directory.world.policy
  if (settings.mode !== null) return { clocks, promotions: [] }
  const next = new Map(clocks)
  const promotions: Promotion[] = []
  for (const group of groupsWithSidecar(look.directory)) {
    const { mode } = look.directory.modeOf(group)
    const goal = goals[mode](settings.autoPromote)
    next.delete(group)
    if (goal === undefined) continue
    const ms = watchedMs(group, mode, clocks.get(group), look)
    next.set(group, { mode, ms })
    if (ms >= goal.hours * hourMs) promotions.push({ group, ...goal })
  }
  return { clocks: new Map([...next].slice(-maxWatched)), promotions }
}

function watchedMs(group: string, mode: Mode, before: Watched | undefined, { elapsedMs, violated }: Look): number {
  return before === undefined || before.mode !== mode || violated(group) ? 0 : before.ms + elapsedMs
}

/** By name. */
function groupsWithSidecar({ world }: Directory): readonly string[] {
  const managed = world.inventory.workloads.filter((workload) => workload.managed)
  return [...new Set(managed.map(learnedGroup))].sort()
}
