/**
 * Auto-promotion as a loop: looks once a minute at who was violated, keeps the clocks in the store across restarts, and
 * writes what is due like anybody's edit, so it has a revision and an audit event. What it goes by is `policy/promote.ts`.
 * Never counts time in which we were not there to see a violation.
 */
import { storeMode } from './api/modes.ts'
import { type Clock, systemClock } from './observe/clock.ts'
import { otherName } from './observe/conversations.ts'
import type { Conversation } from './observe/model.ts'
import type { Observer } from './observe/observer.ts'
import { recordedFlows } from './observe/recorded-flows.ts'
import { decide } from './policy/decide.ts'
import { type Directory, directory as directoryOf } from './policy/directory.ts'
import { type Group, modes } from './policy/model.ts'
import { type Clocks, type Promotion, type Watched, watch } from './policy/promote.ts'
import type { Meta, Store } from './store/model.ts'
import { policyOf } from './world.ts'

export type PromoterOptions = {
  readonly store: Store & Meta
  readonly directory: () => Directory
  readonly conversations: Observer['conversations']
  /** A look that failed; the next one tries again. */
  readonly onFailed: (error: unknown) => void
  readonly clock?: Clock
}

export const lookEveryMs = 60_000
/** A look that comes later (the machine slept) counts as this much: nobody watched meanwhile. */
const maxElapsedMs = 2 * lookEveryMs
const key = 'auto-promotion'
/** Named in the summary of a revision. */
const maxNamed = 5

/** Runs until it is closed; answers the close. */
export function promoter(options: PromoterOptions): () => void {
  const { store, onFailed, clock = systemClock } = options
  let clocks: Clocks = new Map(JSON.parse(store.getMeta(key) ?? '[]') as [string, Watched][])
  let lookedAt = clock.now()

  const look = () => {
    const now = clock.now()
    const directory = upToDate(options)
    const seen = options.conversations({ since: lookedAt, until: now })
    const elapsedMs = Math.min(Math.max(now - lookedAt, 0), maxElapsedMs)
    lookedAt = now
    const watched = watch(clocks, { directory, elapsedMs, violated: violatedIn(seen, directory) })
    if (watched.clocks.size + clocks.size > 0) store.setMeta(key, JSON.stringify([...watched.clocks]))
    clocks = watched.clocks
    if (watched.promotions.length > 0) save(store, watched.promotions)
  }
  return clock.every(lookEveryMs, () => {
    try {
      look()
    } catch (error) {
      onFailed(error)
    }
  })
}

/** With the policy that is stored: the World may be one before, and what somebody has just set must not be set back. */
function upToDate({ store, directory }: PromoterOptions): Directory {
  const present = directory()
  return directoryOf({ ...present.world, policy: policyOf(store) }, present)
}

/** Which groups are at an end of a violation. Where some could not be told apart, it may be anybody. */
function violatedIn(seen: readonly Conversation[], directory: Directory): (group: string) => boolean {
  const against = seen.filter((conversation) => isViolation(conversation, directory))
  const groups = new Set(against.flatMap(({ source, destination }) => [source, destination]))
  return groups.has(otherName) ? () => true : (group) => groups.has(group)
}

/** A connection that was one when it began, and lives on, is none any more once a rule allows it. */
function isViolation(conversation: Conversation, directory: Directory): boolean {
  const { verdict, connections, requests } = conversation
  if (verdict !== 'violation' || connections + requests > 0) return verdict === 'violation'
  const flows = recordedFlows([{ ...conversation, connections: 1 }], directory)
  return flows.some(({ flow }) => decide(flow, directory).policy !== 'allow')
}

/** Read and written in one go: nobody can save in between. */
function save(store: Store, promotions: readonly Promotion[]): void {
  const { value, revision } = store.read('groups')
  const promoted = modes.reduce<readonly Group[]>((groups, mode) => {
    const names = promotions.flatMap((one) => (one.mode === mode ? [one.group] : []))
    return names.length === 0 ? groups : storeMode(groups, names, mode)
  }, value)
  const summary = summaryOf(promotions)
  store.write({ document: 'groups', value: promoted, base: revision, author: 'auto-promotion', summary })
}

function summaryOf(promotions: readonly Promotion[]): string {
  const named = promotions.slice(0, maxNamed).map(({ group, mode, hours }) => `${group} to ${mode} after ${hours} h`)
  const rest = promotions.length > named.length ? ` and ${promotions.length - named.length} more` : ''
  return named.join(', ') + rest
}
