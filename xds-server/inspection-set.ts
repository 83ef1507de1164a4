/**
 * The set that classifiers are given: what the last World needs, and for a while what it no longer needs, because a
 * sidecar goes by its old configuration until the new one has reached it, and must not be refused meanwhile.
 */
import { inspectionSetOf, type Sensors } from './policy/profiles.ts'
import type { DlpSensor, InspectionProfile, InspectionSet, WafSensor } from './policy/sensor.ts'

/** A sidecar that has lost us for longer is refused where it enforces. */
export const lingerMs = 10 * 60_000
/** Past it the oldest go. */
export const maxLingering = 1_000

type Old = { readonly profile: InspectionProfile; readonly since: number }

/**
 * Answers the set with what lingers. Old profiles are judged by the sensors of now where these have the same name, and
 * by the last ones known where there are none.
 */
export function lingering(now: () => number): (set: InspectionSet) => InspectionSet {
  let last: InspectionSet = { wafSensors: [], dlpSensors: [], profiles: [] }
  const old = new Map<string, Old>()
  return (set) => {
    const at = now()
    const present = new Set(set.profiles.map(({ id }) => id))
    for (const profile of last.profiles) {
      if (!old.has(profile.id)) old.set(profile.id, { profile, since: at })
    }
    for (const [id, { since }] of old) if (present.has(id) || since + lingerMs <= at) old.delete(id)
    for (const id of [...old.keys()].slice(0, Math.max(0, old.size - maxLingering))) old.delete(id)
    const sensors = newer(last, set)
    last = inspectionSetOf([...set.profiles, ...[...old.values()].map(({ profile }) => profile)], sensors)
    return last
  }
}

const byName = <S extends WafSensor | DlpSensor>(...lists: readonly (readonly S[])[]): ReadonlyMap<string, S> =>
  new Map(lists.flat().map((sensor) => [sensor.name, sensor]))

function newer(before: InspectionSet, after: InspectionSet): Sensors {
  return {
    waf: byName(before.wafSensors, after.wafSensors),
    dlp: byName(before.dlpSensors, after.dlpSensors),
  }
}
