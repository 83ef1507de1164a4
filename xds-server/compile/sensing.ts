/**
 * Whose traffic is looked into: what the policy's sensors mean for the classes that are compiled. Prepared once for
 * all of them; where nothing is bound, nobody is told apart and nothing is worked out.
 */
import type { Directory } from '../policy/directory.ts'
import { planOf } from '../policy/inspection-plan.ts'
import type { Endpoint } from '../policy/model.ts'
import type { Sensors } from '../policy/profiles.ts'
import { bindingsFor, contentOf, profileOf, sensorsOf } from '../policy/profiles.ts'
import type { Inspection, InspectionProfile, SensorBinding } from '../policy/sensor.ts'
import type { Inspecting } from './inspect-filter.ts'
import type { ClassifierOptions } from './options.ts'

export type Sensing = {
  readonly sensors: Sensors
  /** Something is bound. */
  readonly active: boolean
  /** Groups that have to be told apart at the far end of a class in these groups, sorted. */
  groupsAt(far: 'from' | 'to', own: readonly string[]): readonly string[]
  /** Of flows between two ends. @param enforced their mode is Protect */
  between(source: Endpoint, destination: Endpoint, enforced: boolean): Inspecting
  /** All that can make a difference to a class in these groups, as one text. */
  meaningFor(own: readonly string[]): string
}

const nothing: Inspecting = { kind: 'nothing' }

/** While nobody can judge, what would only be watched is not, and what may pass passes. */
function kindOf(profile: InspectionProfile, healthy: boolean): Exclude<Inspecting['kind'], 'nothing'> {
  if (!healthy && profile.onFailure === 'failOpen') return 'bypassed'
  return profile.enforce ? 'inline' : 'observe'
}

function remembered(sensors: Sensors, healthy: boolean, policy: Directory['world']['policy']): Sensing['between'] {
  const known = new Map<string, Inspecting>()
  return (source, destination, enforced) => {
    const bindings = bindingsFor(policy, source, destination)
    if (bindings.waf.length + bindings.dlp.length === 0) return nothing
    const key = JSON.stringify([bindings, enforced])
    const before = known.get(key)
    if (before !== undefined) return before
    const profile = profileOf(bindings, enforced, sensors)
    const made: Inspecting = profile
      ? { kind: kindOf(profile, healthy), profile, plan: planOf(profile, sensors) }
      : nothing
    known.set(key, made)
    return made
  }
}

/** What one group's bindings mean, contents included. */
function textOf({ group, waf, dlp, onFailure }: Inspection, sensors: Sensors): string {
  const named = (kind: keyof Sensors, all: readonly SensorBinding[]) =>
    all.map(({ sensor, action }) => {
      const found = sensors[kind].get(sensor)
      return [sensor, action, found && contentOf(found)]
    })
  return JSON.stringify([group, named('waf', waf), named('dlp', dlp), onFailure])
}

/** A sidecar that is told apart by nothing but its address is only at the far end of what leaves. */
const hasUnmanaged = (directory: Directory, group: string): boolean =>
  directory.members(group).some(({ managed }) => !managed)

export function sensingOf(directory: Directory, classifier: ClassifierOptions | undefined): Sensing {
  const { policy } = directory.world
  const sensors = sensorsOf(policy)
  const bound = policy.inspections.filter(({ waf, dlp }) => waf.length + dlp.length > 0)
  const names = (all: readonly Inspection[]) => all.map(({ group }) => group)
  const crossing = bound.filter(({ dlp }) => dlp.length > 0)
  const unmanaged = bound.filter(({ group }) => hasUnmanaged(directory, group))
  const healthy = classifier?.healthy ?? false
  const texts = new Map(bound.map((one) => [one.group, textOf(one, sensors)]))
  const wide = [...new Set([...crossing, ...unmanaged])].map(({ group }) => texts.get(group)!).join('\n')
  const watchesExits = (own: readonly string[]): boolean =>
    bound.some(({ group, waf }) => waf.length > 0 && own.includes(group))
  return {
    sensors,
    active: bound.length > 0,
    groupsAt(far, own) {
      if (far === 'from') return names(crossing).sort()
      return [...names(unmanaged), ...(watchesExits(own) ? ['external'] : [])].sort()
    },
    between: remembered(sensors, healthy, policy),
    meaningFor(own) {
      const mine = own.flatMap((group) => texts.get(group) ?? [])
      return wide === '' && mine.length === 0 ? '' : [healthy, ...mine, wide].join('\n')
    },
  }
}
