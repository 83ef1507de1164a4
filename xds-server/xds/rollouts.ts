/** How far a publication has come: "applied on 1,998 of 2,000 in 84 ms". */
import type { Blob } from './blobs.ts'
import { holds, isInterestedIn, type Sidecar } from './sidecar.ts'

export type Applied = {
  /** Rules whose resources changed, sorted. */
  readonly rules: readonly string[]
  /** Sidecars of the classes that changed, when it was published. */
  readonly affected: number
  /** Of these, the ones that took all of it. */
  readonly acked: number
  /** Of these, the ones that could not get all of it: a resource is in quarantine, or this very sidecar refused it. */
  readonly refused: number
  /** Of these, the ones whose stream ended before. */
  readonly gone: number
  /** From publication to the last of them. */
  readonly ms: number
}

type Outcome = 'acked' | 'refused' | 'gone'

export type Rollout = {
  /** Old and new blobs of the names that changed. */
  readonly changed: readonly Blob[]
  readonly affected: number
  readonly startedAt: number
  readonly waiting: Set<Sidecar>
  readonly counts: Record<Outcome, number>
}

/** A sidecar that never answers keeps its rollouts open; past this many the oldest is reported as it stands. */
const maxOpenRollouts = 100

export type Rollouts = {
  start(changed: readonly Blob[], sidecars: Iterable<Sidecar>): void
  /** The sidecar has everything that it may have now. */
  caughtUp(sidecar: Sidecar): void
  /** Its stream ended. */
  gone(sidecar: Sidecar): void
}

/** The sidecar is to have the blob, and has not. */
function lacks(sidecar: Sidecar, blob: Blob): boolean {
  const isDesired = sidecar.record?.desired[blob.type].get(blob.name) === blob
  return isDesired && isInterestedIn(sidecar, blob) && !holds(sidecar, blob)
}

export function createRollouts(now: () => number, onApplied: (applied: Applied) => void): Rollouts {
  const open = new Set<Rollout>()

  const close = (rollout: Rollout): void => {
    open.delete(rollout)
    for (const sidecar of rollout.waiting) sidecar.rollouts.delete(rollout)
    const { changed, affected, counts, startedAt } = rollout
    const rules = [...new Set(changed.flatMap((blob) => blob.rules))].sort()
    onApplied({ rules, affected, ...counts, ms: now() - startedAt })
  }

  const settle = (sidecar: Sidecar, outcomeOf: (rollout: Rollout) => Outcome): void => {
    for (const rollout of sidecar.rollouts) {
      rollout.counts[outcomeOf(rollout)] += 1
      rollout.waiting.delete(sidecar)
      if (rollout.waiting.size === 0) close(rollout)
    }
    sidecar.rollouts.clear()
  }

  return {
    start(changed, sidecars) {
      const waiting = new Set(sidecars)
      const counts = { acked: 0, refused: 0, gone: 0 }
      const rollout: Rollout = { changed, affected: waiting.size, startedAt: now(), waiting, counts }
      open.add(rollout)
      for (const sidecar of waiting) sidecar.rollouts.add(rollout)
      if (waiting.size === 0) close(rollout)
      for (const oldest of open) {
        if (open.size <= maxOpenRollouts) break
        close(oldest)
      }
    },
    caughtUp: (sidecar) =>
      settle(sidecar, ({ changed }) => (changed.some((blob) => lacks(sidecar, blob)) ? 'refused' : 'acked')),
    gone: (sidecar) => settle(sidecar, () => 'gone'),
  }
}
