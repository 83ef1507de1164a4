/**
 * The workers' lives: how many there are, which of them judge, which one compiles, and what happens when one ends. A new set
 * is compiled by the one that does not judge; then it takes the place of another, which is next. Promises: while a set
 * is compiled as many judge as before; a set that ends its workers is given up and the last good one stays.
 */
import type { Problem } from '../../xds-server/policy/model.ts'
import type { InspectionSet } from '../../xds-server/policy/sensor.ts'
import { crashPauseMs, crashWindowMs, drainMs, maxCompileMs, maxCrashes, maxFailedCompiles } from './limits.ts'
import { type Job, Member, type Wanted } from './member.ts'
import { needsOf } from './needs.ts'
import type { FromWorker } from './wire.ts'

export type CrewOptions = {
  /** Workers that judge; there is one more. */
  readonly workers: number
  readonly crsDirectory: string | undefined
  readonly key: Uint8Array
  readonly onVerdict: (member: Member, message: Exclude<FromWorker, { kind: 'prepared' }>) => void
  /** `guilty`: the call that it was at when it ended by itself. */
  readonly onLost: (member: Member, guilty: Job | undefined, reason: string) => void
  /** Who judges, or by which profiles, has changed. */
  readonly onChange: () => void
  readonly onProblem: (problem: Problem) => void
}

type Applied = { readonly revision: number; readonly resolve: (problems: readonly Problem[]) => void }

export class Crew {
  readonly #options: CrewOptions
  readonly #members = new Set<Member>()
  #serving: readonly Member[] = []
  #lastRevision = 0
  #wanted: Wanted = { revision: 0, set: { wafSensors: [], dlpSensors: [], profiles: [] }, needs: new Set() }
  #lastGood = this.#wanted
  /** Workers that ended while they compiled `#wanted`. */
  #failedCompiles = 0
  #applied: Applied[] = []
  /** When workers ended lately. */
  #crashes: number[] = []
  #hired = 0
  #again: NodeJS.Timeout | undefined
  #hang: NodeJS.Timeout | undefined
  #isClosed = false
  ended = 0

  constructor(options: CrewOptions) {
    this.#options = options
    this.#arrange()
  }

  get serving(): readonly Member[] {
    return this.#serving
  }

  get members(): ReadonlySet<Member> {
    return this.#members
  }

  /** The revision of the last set that was compiled; 0: none yet. */
  get revision(): number {
    return this.#lastGood.revision
  }

  /** Resolves when the first worker judges by it (or by a newer one), or when it was given up. */
  apply(set: InspectionSet): Promise<readonly Problem[]> {
    this.#wanted = { revision: ++this.#lastRevision, set, needs: needsOf(set) }
    this.#failedCompiles = 0
    const applied = new Promise<readonly Problem[]>((resolve) => {
      this.#applied.push({ revision: this.#wanted.revision, resolve })
    })
    this.#arrange()
    return applied
  }

  /** It is too slow, or will not answer. */
  replace(member: Member, reason: string): void {
    void member.end()
    this.#lost(member, undefined, reason)
  }

  /** A call of somebody who no longer judges was answered: it may be free now. */
  settled(member: Member): void {
    if (!this.#serving.includes(member)) this.#arrange()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#again)
    clearTimeout(this.#hang)
    const members = [...this.#members]
    this.#members.clear()
    this.#serving = []
    for (const { resolve } of this.#applied) resolve([])
    await Promise.all(members.map((member) => member.end()))
  }

  #arrange(): void {
    if (this.#isClosed) return
    this.#hire()
    this.#choose()
    this.#tellQuick()
    this.#compileNext()
  }

  #hire(): void {
    const now = performance.now()
    this.#crashes = this.#crashes.filter((at) => now - at < crashWindowMs)
    while (this.#members.size <= this.#options.workers) {
      const left = pauseBeforeHiring(this.#crashes, this.#hired, now)
      if (left > 0) {
        this.#later(left)
        return
      }
      this.#members.add(this.#newMember())
      this.#hired = now
    }
  }

  #newMember(): Member {
    return new Member(this.#options, {
      answered: (member, message) => {
        if (message.kind === 'prepared') this.#prepared(member, message)
        else this.#options.onVerdict(member, message)
      },
      ended: (member, reason) => this.#lost(member, member.current, reason),
    })
  }

  /** Newer sets first; of equals, who judged before goes on. */
  #choose(): void {
    const before = this.#serving
    const now = performance.now()
    for (const member of before) member.servedUntil = now
    this.#serving = [...this.#members]
      .filter((member) => member.revision > 0 && member.preparing?.isQuick !== false)
      .sort((a, b) => b.revision - a.revision || Number(before.includes(b)) - Number(before.includes(a)))
      .slice(0, this.#options.workers)
    this.#options.onChange()
  }

  /** Whoever has all sensors of the set takes its profiles at once, in milliseconds, and goes on judging. */
  #tellQuick(): void {
    const { revision, needs } = this.#wanted
    for (const member of this.#members) {
      const knows = member.revision > 0 && needs.isSubsetOf(member.known)
      if (member.revision < revision && !member.preparing && knows) member.prepare(this.#wanted, true)
    }
  }

  /** One at a time: the others need the processors. */
  #compileNext(): void {
    const members = [...this.#members]
    const { revision } = this.#wanted
    if (members.some(({ preparing }) => preparing !== undefined)) return
    const behind = members.filter((member) => member.revision < revision && !this.#serving.includes(member))
    const free = behind.find((member) => this.#isFree(member))
    if (free) {
      free.prepare(this.#wanted, false)
      this.#endIfItHangs(free, revision)
    } else if (behind.length > 0) this.#later(drainMs)
  }

  #endIfItHangs(member: Member, revision: number): void {
    clearTimeout(this.#hang)
    this.#hang = setTimeout(() => {
      if (member.preparing?.revision === revision)
        this.replace(member, `a worker compiled for more than ${maxCompileMs} ms`)
    }, maxCompileMs).unref()
  }

  /** Exchanges that take longer than `drainMs` wait for the compiler. */
  #isFree({ given, exchanges, servedUntil }: Member): boolean {
    return given.size === 0 && (exchanges.size === 0 || performance.now() - servedUntil >= drainMs)
  }

  #prepared(member: Member, { revision, profiles, problems }: Extract<FromWorker, { kind: 'prepared' }>): void {
    member.prepared(profiles)
    const isFirst = revision > this.#lastGood.revision
    if (isFirst && revision === this.#wanted.revision) this.#lastGood = this.#wanted
    this.#arrange()
    if (!isFirst) return
    for (const problem of problems) this.#options.onProblem(problem)
    this.#resolve(revision, problems)
  }

  #resolve(revision: number, problems: readonly Problem[]): void {
    const due = this.#applied.filter((applied) => applied.revision <= revision)
    this.#applied = this.#applied.filter((applied) => applied.revision > revision)
    for (const { resolve } of due) resolve(problems)
  }

  #lost(member: Member, guilty: Job | undefined, reason: string): void {
    if (!this.#members.delete(member) || this.#isClosed) return
    this.#serving = this.#serving.filter((other) => other !== member)
    this.#crashes.push(performance.now())
    this.ended += 1
    this.#options.onProblem({ path: '', message: reason })
    if (member.preparing?.revision === this.#wanted.revision) this.#failed(reason)
    if (this.#crashes.length === maxCrashes) this.#options.onProblem({ path: '', message: tooManyCrashes })
    this.#options.onLost(member, guilty, reason)
    this.#arrange()
  }

  #failed(reason: string): void {
    this.#failedCompiles += 1
    if (this.#failedCompiles < maxFailedCompiles) return
    const { revision } = this.#wanted
    this.#wanted = this.#lastGood
    const problem = { path: '', message: `the set can not be compiled: ${reason}` }
    this.#options.onProblem(problem)
    this.#resolve(revision, [problem])
  }

  #later(ms: number): void {
    if (this.#again) return
    this.#again = setTimeout(() => {
      this.#again = undefined
      this.#arrange()
    }, ms).unref()
  }
}

/**
 * Milliseconds to wait before a worker is started.
 * @param crashes when workers ended, @param hired when the last one was started
 */
export function pauseBeforeHiring(crashes: readonly number[], hired: number, now: number): number {
  const recent = crashes.filter((at) => now - at < crashWindowMs)
  return recent.length < maxCrashes ? 0 : Math.max(0, hired + crashPauseMs - now)
}

const tooManyCrashes = `${maxCrashes} workers ended within ${crashWindowMs / 1000} s: one is started every ${crashPauseMs / 1000} s`
