/**
 * The canary gate: a blob no Envoy has taken yet goes to one sidecar per Envoy version first. Its ACK opens the gate for
 * everybody; a NACK quarantines the blob, and everybody keeps the last good. It stays quarantined until the content
 * changes.
 *
 * Silence proves nothing, so it opens nothing: every `silenceMs` one more sidecar gets the blob (any ACK counts), which
 * ends in everybody having it, slowly. A stream that ends with the blob in its hands may be an Envoy that crashed on it:
 * `maxLosses` of them, soon after the blob was sent and without any ACK, count as a NACK.
 */
import type { Blob } from './blobs.ts'
import { type ClassRecord, sidecarsOf } from './class-record.ts'
import { holds, isInterestedIn, objectionTo, type Sidecar } from './sidecar.ts'

/** An Envoy answers within milliseconds; one that is busy with 20,000 addresses takes seconds. */
export const silenceMs = 2_000
/** One may be a restart, two a coincidence. */
export const maxLosses = 3

type Trial = {
  readonly blob: Blob
  /** Classes that wait for it. */
  readonly records: Set<ClassRecord>
  /** Everybody who was given it. */
  readonly canaries: Set<Sidecar>
  /** Those who have not answered. */
  readonly waiting: Set<Sidecar>
  /** Envoy versions that took it. */
  readonly accepted: Set<string>
  losses: number
  /** When the newest canary was picked. */
  pickedAt: number
}

export type GateHost = {
  now(): number
  /** What the sidecar is to see of this blob's name has changed. */
  sees(sidecar: Sidecar, blob: Blob): void
  /** The gate opened or closed for something this class waits for. */
  goOn(record: ClassRecord): void
}

export type Gate = {
  /** Wants the blob tested, by `candidate` where given. True while somebody has it to answer. */
  offer(blob: Blob, record: ClassRecord, candidate?: Sidecar): boolean
  /** The sidecar took it, now or in an earlier stream. */
  accepted(sidecar: Sidecar, blob: Blob): void
  refused(sidecar: Sidecar, blob: Blob, message: string): void
  /** The stream ended, or (not `isGone`) sees another class now. */
  left(sidecar: Sidecar, isGone: boolean): void
  /** It wants other names now: what it no longer wants it will not answer. */
  wantsOther(sidecar: Sidecar): void
  /** The class does not want the blob any more. */
  drop(blob: Blob, record: ClassRecord): void
  /** Looks after canaries that are silent or gone; to be called about twice a second. */
  tick(): void
  size(): number
}

export function createGate(host: GateHost): Gate {
  const trials = new Map<Blob, Trial>()
  const isOpen = (trial: Trial) => trials.get(trial.blob) === trial

  const begin = (blob: Blob): Trial => {
    const [records, canaries, waiting, accepted] = [
      new Set<never>(),
      new Set<never>(),
      new Set<never>(),
      new Set<never>(),
    ]
    const trial: Trial = { blob, records, canaries, waiting, accepted, losses: 0, pickedAt: host.now() }
    trials.set(blob, trial)
    return trial
  }

  const end = (trial: Trial): void => {
    trials.delete(trial.blob)
    for (const sidecar of trial.canaries) {
      sidecar.trials.delete(trial.blob)
      host.sees(sidecar, trial.blob)
    }
    for (const record of trial.records) host.goOn(record)
  }

  /** Nobody is waited for: an ACK is enough then, and without one nobody can test it now. */
  const review = (trial: Trial): void => {
    if (!isOpen(trial) || trial.waiting.size > 0) return
    if (trial.accepted.size > 0) trial.blob.verdict = { kind: 'accepted' }
    end(trial)
  }

  /** Nobody could be picked. The class that offers it looks at the verdict itself. */
  const settleAtOnce = (trial: Trial): void => {
    if (!isOpen(trial)) return
    trials.delete(trial.blob)
    if (trial.accepted.size > 0) trial.blob.verdict = { kind: 'accepted' }
  }

  const quarantine = (trial: Trial, message: string, node: string): void => {
    trial.blob.verdict = { kind: 'refused', message, node, at: host.now() }
    end(trial)
  }

  const pick = (trial: Trial, sidecar: Sidecar): void => {
    trial.canaries.add(sidecar)
    trial.waiting.add(sidecar)
    trial.pickedAt = host.now()
    sidecar.trials.add(trial.blob)
    host.sees(sidecar, trial.blob)
  }

  /** Has the sidecar test it, unless it did so before: then it is not sent it again, and would never answer. */
  const consider = (trial: Trial, sidecar: Sidecar): boolean => {
    if (!isOpen(trial) || trial.canaries.has(sidecar) || !isInterestedIn(sidecar, trial.blob)) return false
    const objection = objectionTo(sidecar, trial.blob)
    if (objection !== undefined) quarantine(trial, objection, sidecar.workload)
    else if (holds(sidecar, trial.blob)) trial.accepted.add(sidecar.envoy)
    else pick(trial, sidecar)
    return true
  }

  const considerFirst = (trial: Trial, sidecars: Iterable<Sidecar>): void => {
    for (const sidecar of sidecars) if (consider(trial, sidecar)) return
  }

  const isCovered = (trial: Trial, envoy: string) =>
    trial.accepted.has(envoy) || [...trial.waiting].some((sidecar) => sidecar.envoy === envoy)

  const considerPerVersion = (trial: Trial, record: ClassRecord): void => {
    for (const [envoy, group] of record.sidecars) if (!isCovered(trial, envoy)) considerFirst(trial, group)
  }

  const accept = (trial: Trial, sidecar: Sidecar): void => {
    trial.accepted.add(sidecar.envoy)
    for (const other of trial.waiting) if (other.envoy === sidecar.envoy) trial.waiting.delete(other)
    review(trial)
  }

  /** The sidecar is no canary any more. */
  const release = (trial: Trial, sidecar: Sidecar): void => {
    trial.waiting.delete(sidecar)
    trial.canaries.delete(sidecar)
    if (sidecar.trials.delete(trial.blob)) host.sees(sidecar, trial.blob)
  }

  const diedOf = ({ blob }: Trial, sidecar: Sidecar): boolean => {
    const response = sidecar.state.subscriptions[blob.type]?.inFlight
    return response?.versions.get(blob.name) === blob.version && host.now() - response.sentAt < silenceMs
  }

  const lose = (trial: Trial, sidecar: Sidecar, isGone: boolean): void => {
    if (isGone && diedOf(trial, sidecar)) trial.losses += 1
    release(trial, sidecar)
    if (trial.accepted.size > 0) review(trial)
    else if (trial.losses >= maxLosses)
      quarantine(trial, `${maxLosses} sidecars went away while they applied it`, sidecar.workload)
  }

  const lookAfter = (trial: Trial): void => {
    if (host.now() - trial.pickedAt < silenceMs) return
    for (const record of trial.records) considerPerVersion(trial, record)
    for (const record of trial.records)
      if (host.now() - trial.pickedAt >= silenceMs) considerFirst(trial, sidecarsOf(record))
    review(trial)
  }

  const trialsOf = (sidecar: Sidecar): readonly Trial[] => [...sidecar.trials].flatMap((blob) => trials.get(blob) ?? [])

  return {
    offer(blob, record, candidate) {
      const isNew = !trials.has(blob)
      const trial = trials.get(blob) ?? begin(blob)
      trial.records.add(record)
      if (!candidate) considerPerVersion(trial, record)
      else if (!isCovered(trial, candidate.envoy)) consider(trial, candidate)
      // one that others wait for is reviewed when time passes: somebody may come back for it
      if (isNew && trial.waiting.size === 0) settleAtOnce(trial)
      return isOpen(trial)
    },
    accepted(sidecar, blob) {
      const trial = trials.get(blob)
      if (trial) accept(trial, sidecar)
      else if (blob.verdict.kind === 'untested') {
        blob.verdict = { kind: 'accepted' }
        if (sidecar.record) host.goOn(sidecar.record)
      }
    },
    refused(sidecar, blob, message) {
      const trial = trials.get(blob)
      if (trial) quarantine(trial, message, sidecar.workload)
    },
    left(sidecar, isGone) {
      for (const trial of trialsOf(sidecar)) lose(trial, sidecar, isGone)
    },
    wantsOther(sidecar) {
      for (const trial of trialsOf(sidecar)) {
        if (isInterestedIn(sidecar, trial.blob)) continue
        release(trial, sidecar)
        review(trial)
      }
    },
    drop(blob, record) {
      const trial = trials.get(blob)
      if (!trial?.records.delete(record)) return
      for (const sidecar of sidecarsOf(record)) release(trial, sidecar)
      review(trial)
    },
    tick() {
      for (const trial of trials.values()) lookAfter(trial)
    },
    size: () => trials.size,
  }
}
