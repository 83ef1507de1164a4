/**
 * Traffic that Discover lets pass becomes rules: observations are gathered, and a few times a second given to
 * `policy/learn.ts`; what it says is written to the store like anybody's edit, on the revision it was based on.
 * What a person deleted comes back only by traffic that is seen after the deletion: what was under way is dropped.
 * Never overwrites a save it has not seen, never learns what was denied or never said a word.
 */
import type { Logger } from 'pino'
import { type Directory, directory } from '../policy/directory.ts'
import { type Learned, type LearnedChange, learn, type Observation } from '../policy/learn.ts'
import type { Policy, Rule } from '../policy/model.ts'
import type { Store, Versioned } from '../store/model.ts'
import type { Delta } from './connections.ts'
import type { NewEvent } from './events.ts'
import type { Judgement } from './judgement.ts'
import type { Metrics } from './metrics.ts'
import { fullEvent } from './own-events.ts'

/** Kinds of traffic that wait for the next round. Past it they are dropped: they will be seen again. */
export const maxWaiting = 10_000
/** Tries of one round: somebody who saves all the time must not be waited for. */
const maxTries = 3
/** How long a sidecar may hold a record back (its flush interval, twice): what it saw may be this much older. */
const logDelayMilliseconds = 1_000
/** Deletions remembered; records are never older than an hour. */
const maxDeletions = 10_000
const deletionMilliseconds = 3_600_000

export type LearnerOptions = {
  readonly store: Store
  readonly directory: () => Directory
  readonly metrics: Metrics
  readonly log: Logger
  readonly onEvent: (event: NewEvent) => void
  /** Epoch milliseconds. */
  readonly now: () => number
}

type Waiting = { readonly observation: Observation; readonly seenAt: number }

export class Learner {
  readonly #options: LearnerOptions
  readonly #waiting = new Map<string, Waiting>()
  /** Of learned rules that somebody took away or changed, by what they were learned from: when. The oldest first. */
  readonly #deletions = new Map<string, number>()
  #rules: readonly Rule[]
  #writing = false
  readonly #unwatch: () => void

  constructor(options: LearnerOptions) {
    this.#options = options
    this.#rules = options.store.read('rules').value
    this.#unwatch = options.store.watch(({ document }) => {
      if (document === 'rules') this.#rulesChanged()
    })
  }

  /** To be told of everything that was counted. */
  observe(delta: Delta, judged: Judgement): void {
    if (judged.decision.consequence !== 'learn' || judged.verdict === 'deny') return
    if (delta.connections + delta.requests + delta.bytesReceived + delta.bytesSent === 0) return
    const observation = observationOf(delta, judged)
    const seenAt = seen(delta)
    if (seenAt <= (this.#deletions.get(originOf(observation)) ?? Number.NEGATIVE_INFINITY)) return
    const key = `${originOf(observation)}\n${observation.port}`
    const room = this.#waiting.has(key) || this.#waiting.size < maxWaiting
    if (room) this.#waiting.set(key, { observation, seenAt })
    else this.#options.metrics.learnDropped.inc()
  }

  /** One round: writes what was learned since the last one. */
  tick(): void {
    if (this.#waiting.size === 0) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    const observations = waiting.map(([, { observation }]) => observation)
    for (let tries = 0; tries < maxTries; tries++) if (this.#round(observations)) return
    for (const [key, one] of waiting) this.#waiting.set(key, one)
  }

  close(): void {
    this.#unwatch()
  }

  /** False: somebody saved in between. */
  #round(observations: readonly Observation[]): boolean {
    const base = this.#options.store.read('rules')
    const now = new Date(this.#options.now()).toISOString()
    const learned = learn(observations, { directory: this.#upToDate(base), now })
    if (learned.rules !== base.value && !this.#write(learned, base)) {
      this.#options.metrics.learnConflicts.inc()
      return false
    }
    this.#report(learned)
    return true
  }

  #write({ rules, changes }: Learned, base: Versioned<readonly Rule[]>): boolean {
    const summary = summaryOf(changes)
    this.#writing = true
    try {
      const { store } = this.#options
      const saved = store.write({ document: 'rules', value: rules, base: base.revision, author: 'learner', summary })
      if (saved.ok) this.#options.log.info({ revision: saved.saved.revision, summary }, 'learned')
      return saved.ok
    } finally {
      this.#writing = false
    }
  }

  #report({ changes, skipped }: Learned): void {
    const { metrics, onEvent, now } = this.#options
    metrics.learned.inc(changes.filter(({ change }) => change !== 'known').length)
    for (const { because } of skipped) metrics.learnSkipped.inc({ reason: because })
    if (skipped.some(({ because }) => because === 'full')) onEvent(fullEvent(now()))
  }

  /** Of the policy that is stored now; the World may still be the one before. */
  #upToDate(rules: Versioned<readonly Rule[]>): Directory {
    const { store } = this.#options
    const present = this.#options.directory()
    const [groups, settings, ignored] = [store.read('groups'), store.read('settings'), store.read('ignored')]
    const policy = {
      ...present.world.policy,
      groups: groups.value,
      rules: rules.value,
      settings: settings.value,
      ignored: ignored.value,
    }
    return samePolicy(policy, present.world.policy) ? present : directory({ ...present.world, policy }, present)
  }

  #rulesChanged(): void {
    const before = this.#rules
    this.#rules = this.#options.store.read('rules').value
    if (this.#writing) return
    const kept = new Set(this.#rules.filter(isLearned).map(contentOf))
    for (const rule of before.filter(isLearned)) if (!kept.has(contentOf(rule))) this.#forget(rule)
  }

  #forget(rule: Rule): void {
    const now = this.#options.now()
    for (const application of rule.applications) {
      const origin = originText(rule.from, rule.to, application)
      this.#deletions.delete(origin)
      this.#deletions.set(origin, now)
      for (const [key, { observation }] of this.#waiting)
        if (originOf(observation) === origin) this.#waiting.delete(key)
    }
    for (const [origin, at] of this.#deletions) {
      if (at > now - deletionMilliseconds && this.#deletions.size <= maxDeletions) break
      this.#deletions.delete(origin)
    }
  }
}

const originText = (from: string, to: string, application: string): string => `${from}\n${to}\n${application}`
const originOf = (o: Observation): string => originText(o.source, o.destination, o.application ?? '')
const isLearned = (rule: Rule): boolean => rule.origin === 'learned'
/** What traffic makes of a learned rule; the rest (comment, place) is people's. */
const contentOf = ({ from, to, applications, ports, disabled }: Rule): string =>
  JSON.stringify([from, to, applications, ports, disabled])

const samePolicy = (a: Policy, b: Policy): boolean =>
  a.rules === b.rules && a.groups === b.groups && a.settings === b.settings && a.ignored === b.ignored

function observationOf({ record, ...delta }: Delta, { source, destination }: Judgement): Observation {
  const silent = record.application === undefined && record.bytesReceived === 0
  return {
    source: source.groups[0]!,
    destination: destination.groups[0]!,
    port: record.destination.port,
    protocol: 'tcp',
    application: silent ? undefined : (record.application ?? 'unknown'),
    count: delta.connections + delta.requests,
    firstSeen: record.startedAt,
    lastSeen: record.at,
    peers: [source.ip],
    requests: {},
  }
}

/** The latest moment at which we know that there was traffic. */
function seen({ record, connections, requests }: Delta): number {
  if (connections + requests > 0) return record.startedAt
  return record.phase === 'end' ? record.at : record.at - logDelayMilliseconds
}

/** Names the first few, for the history. */
function summaryOf(changes: readonly LearnedChange[]): string {
  const learned = changes.filter(({ change }) => change !== 'known')
  const named = learned
    .slice(0, 3)
    .map(({ observation: o }) => `${o.source} → ${o.destination} ${o.application}/${o.port}`)
  const rest = learned.length > named.length ? ` and ${learned.length - named.length} more` : ''
  return `learned ${named.join(', ')}${rest}`
}
