/**
 * Sidecars ask the classifier by a new profile only once it can judge by it: a rule set takes seconds to load, and until
 * then everything that must not pass uninspected would be refused. Meanwhile the filters that would ask by it stay what
 * they were, and everything else of a World is in force at once; a filter that was not there before keeps its whole
 * World waiting.
 *
 * Promises: nothing is held for longer than `maxHeldMs`, nor while the classifier does not answer anyway; of several
 * Worlds that are held only the last counts.
 */

import { profileIn } from './compile/inspect-filter.ts'
import type { ClassSnapshot, Compiled, Resource } from './compile/model.ts'
import { isInspectName } from './compile/names.ts'
import type { InspectionProfile } from './policy/sensor.ts'

/** Past it sidecars are told all the same, and refuse what they can not have judged. */
export const maxHeldMs = 15_000
/** Between two questions; the classifier waits a moment itself before it says that it does not know a profile. */
const pauseMs = 100

export type IntroductionOptions = {
  /** Undefined: there is no classifier, or it does not answer. Otherwise: can it judge by this profile? Never rejects. */
  readonly knows: (profile: string) => Promise<boolean> | undefined
  readonly publish: (compiled: Compiled) => void
}

export type Introduction = {
  /** Publishes it, now or later. */
  offer(compiled: Compiled): void
  close(): void
}

/** Where nothing is refused nothing is lost either. */
const mustBeKnown = (compiled: Compiled): readonly string[] =>
  compiled.inspection.profiles.filter(({ enforce }: InspectionProfile) => enforce).map(({ id }) => id)

type Filters = ReadonlyMap<string, ReadonlyMap<string, Resource>>

const isInspect = ({ type, name }: Resource): boolean => type === 'extension' && isInspectName(name)

/** By class and name. */
const filtersIn = ({ classes }: Compiled): Filters =>
  new Map(
    [...classes].map(([key, { resources }]) => [
      key,
      new Map(resources.filter(isInspect).map((resource) => [resource.name, resource])),
    ]),
  )

const asks = (resource: Resource, profiles: ReadonlySet<string>): boolean => {
  const profile = isInspect(resource) ? profileIn(resource.body) : undefined
  return profile !== undefined && profiles.has(profile)
}

/** With the filters of before in the place of those that ask by these profiles; undefined: one was not there before. */
function withFilters(compiled: Compiled, unknown: readonly string[], before: Filters): Compiled | undefined {
  const profiles = new Set(unknown)
  let missing = false
  const as = (key: string, resource: Resource): Resource => {
    if (!asks(resource, profiles)) return resource
    const old = before.get(key)?.get(resource.name)
    missing ||= old === undefined
    return old ?? resource
  }
  const classes = [...compiled.classes].map(([key, snapshot]): readonly [string, ClassSnapshot] => {
    if (!snapshot.resources.some((one) => asks(one, profiles))) return [key, snapshot]
    return [key, { ...snapshot, resources: snapshot.resources.map((one) => as(key, one)) }]
  })
  return missing ? undefined : { ...compiled, classes: new Map(classes) }
}

export function introduction({ knows, publish }: IntroductionOptions): Introduction {
  let known = new Set<string>()
  let held: Compiled | undefined
  let filters: Filters = new Map()
  let timer: NodeJS.Timeout | undefined

  const unknownIn = (compiled: Compiled) => mustBeKnown(compiled).filter((id) => !known.has(id))
  const give = (compiled: Compiled) => {
    filters = filtersIn(compiled)
    publish(compiled)
  }
  const release = (compiled: Compiled) => {
    held = undefined
    known = new Set(mustBeKnown(compiled))
    give(compiled)
  }
  /** False: there is nobody to ask. */
  const introduce = async (profiles: readonly string[]): Promise<boolean> => {
    for (const id of profiles) {
      const answer = knows(id)
      if (answer === undefined) return false
      if (await answer) known.add(id)
    }
    return true
  }
  const pause = () =>
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, pauseMs)
    })
  const hold = async () => {
    const until = performance.now() + maxHeldMs
    while (held !== undefined) {
      const asked = await introduce(unknownIn(held))
      if (held !== undefined && (!asked || unknownIn(held).length === 0 || performance.now() > until)) release(held)
      else await pause()
    }
  }
  return {
    offer(compiled) {
      const unknown = unknownIn(compiled)
      if (unknown.length === 0) return release(compiled)
      const waiting = held !== undefined
      held = compiled
      const meanwhile = withFilters(compiled, unknown, filters)
      if (meanwhile !== undefined) give(meanwhile)
      if (!waiting) void hold()
    },
    close() {
      held = undefined
      clearTimeout(timer)
    },
  }
}
