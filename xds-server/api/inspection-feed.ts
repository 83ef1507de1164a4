/**
 * What classifiers are told. Promises: who listens is called once for each set that says something else than the one
 * before, and by then it is the present one.
 */
import { createHash } from 'node:crypto'
import type { InspectionSet } from '../policy/sensor.ts'
import type { TaggedSet } from './backend.ts'

export type InspectionFeed = {
  present(): TaggedSet
  publish(set: InspectionSet): void
  /** Answers how to leave. */
  watch(listener: () => void): () => void
}

/** Begins with nothing to inspect. */
export function inspectionFeed(): InspectionFeed {
  let present = tagged({ wafSensors: [], dlpSensors: [], profiles: [] })
  const listeners = new Set<() => void>()
  return {
    present: () => present,
    publish(set) {
      const next = tagged(set)
      if (next.etag === present.etag) return
      present = next
      for (const listener of [...listeners]) listener()
    },
    watch(listener) {
      const own = () => listener()
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
}

/** A profile's id is a hash of all it means, so long lists of exact data need not be hashed at every build. */
function tagged(set: InspectionSet): TaggedSet {
  const said = [...set.wafSensors, ...set.dlpSensors].map(({ name, comment }) => [name, comment])
  const meaning = JSON.stringify([set.profiles.map(({ id }) => id), said])
  return { etag: createHash('sha256').update(meaning).digest('hex').slice(0, 32), set }
}
