/**
 * Calls and who answers them. Promises: a call is answered once, with a verdict or with an error that says why; one that
 * takes too much work ends its worker and no other call; nothing waits longer than `maxWaitMs`. Never: a verdict for what
 * was not looked at.
 */
import { randomBytes } from 'node:crypto'
import type { Problem } from '../../xds-server/policy/model.ts'
import type { InspectionSet } from '../../xds-server/policy/sensor.ts'
import { Crew } from './crew.ts'
import { maxInFlight, maxWaiting, maxWaitingBytes, maxWaitMs, watchMs } from './limits.ts'
import type { Job, Member } from './member.ts'
import type { Verdict } from './model.ts'
import { failed } from './result.ts'
import { type Call, type CallBody, cleanVerdict, type FromWorker } from './wire.ts'

export type PoolOptions = {
  /** Workers that judge; there is one more, ready to take a place. */
  readonly workers: number
  readonly crsDirectory: string | undefined
  /** Milliseconds of work on one call, and more of them for each MB of a body: see `workMs`. */
  readonly deadlineMs: number
  readonly deadlineMsPerMb: number
  readonly onProblem: (problem: Problem) => void
  /** Some worker may have more profiles now. */
  readonly onChange: () => void
}

type Settle = (verdict: Verdict) => void

/** A processor that is shared with so many others makes nobody late; who sleeps does. */
const wallFactor = 20

export class Pool {
  readonly #options: PoolOptions
  readonly #crew: Crew
  /** First come, first served. */
  #waiting: Job[] = []
  #waitingBytes = 0
  readonly #settle = new Map<number, Settle>()
  /** Who knows an exchange. */
  readonly #homes = new Map<number, Member>()
  #lastCall = 0
  #watch: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: PoolOptions) {
    this.#options = options
    const { workers, crsDirectory, onProblem } = options
    this.#crew = new Crew({
      workers,
      crsDirectory,
      key: randomBytes(32),
      onProblem,
      onVerdict: (member, message) => this.#answered(member, message),
      onLost: (member, guilty, reason) => this.#lost(member, guilty, reason),
      onChange: () => {
        options.onChange()
        queueMicrotask(() => this.#dispatch())
      },
    })
  }

  get state() {
    const { serving, revision, ended } = this.#crew
    return { ready: serving.length, workers: this.#options.workers, waiting: this.#waiting.length, revision, ended }
  }

  /** Whether somebody judges by this profile now. */
  has(profile: string): boolean {
    return this.#crew.serving.some(({ profiles }) => profiles.has(profile))
  }

  apply(set: InspectionSet): Promise<readonly Problem[]> {
    return this.#crew.apply(set)
  }

  call(exchange: number, call: Call, body: CallBody): Promise<Verdict> {
    if (this.#isClosed) return Promise.resolve(failed('the classifier stops'))
    const job: Job = { id: this.#nextId(), exchange, call, body, since: performance.now() }
    return new Promise((resolve) => {
      this.#settle.set(job.id, resolve)
      if (call.kind === 'request') this.#enqueue(job)
      else this.#giveHome(job)
      this.#watchOver()
    })
  }

  drop(exchange: number): void {
    const home = this.#homes.get(exchange)
    if (!home) {
      this.#forgetWaiting(exchange)
      return
    }
    this.#homes.delete(exchange)
    home.drop(exchange)
    this.#crew.settled(home)
  }

  #forgetWaiting(exchange: number): void {
    const dropped = this.#waiting.filter((job) => job.exchange === exchange)
    if (dropped.length === 0) return
    this.#waiting = this.#waiting.filter((job) => job.exchange !== exchange)
    for (const job of dropped) {
      this.#waitingBytes -= sizeOf(job)
      this.#resolve(job.id, failed('the exchange is over'))
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#watch)
    this.#waiting = []
    for (const id of [...this.#settle.keys()]) this.#resolve(id, failed('the classifier stops'))
    await this.#crew.close()
  }

  #nextId(): number {
    this.#lastCall = this.#lastCall === 0x7fffffff ? 1 : this.#lastCall + 1
    return this.#lastCall
  }

  #resolve(id: number, verdict: Verdict): void {
    const settle = this.#settle.get(id)
    this.#settle.delete(id)
    settle?.(verdict)
  }

  #enqueue(job: Job): void {
    const bytes = this.#waitingBytes + sizeOf(job)
    if (this.#waiting.length >= maxWaiting || bytes > maxWaitingBytes) {
      this.#resolve(job.id, failed('too many calls wait for a worker'))
      return
    }
    this.#waitingBytes = bytes
    this.#waiting.push(job)
    this.#dispatch()
  }

  #giveHome(job: Job): void {
    const home = this.#homes.get(job.exchange)
    if (home) home.give(job)
    else this.#resolve(job.id, failed('the worker that knew this exchange has ended'))
  }

  /** Each waiting call to the least busy one that has its profile. */
  #dispatch(): void {
    if (this.#waiting.length === 0) return
    let free = this.#crew.serving.filter(({ given }) => given.size < maxInFlight)
    const left: Job[] = []
    for (const job of this.#waiting) {
      const member = free.length > 0 ? leastBusy(free, job) : undefined
      if (!member) {
        left.push(job)
        continue
      }
      this.#give(member, job)
      free = free.filter(({ given }) => given.size < maxInFlight)
    }
    this.#waiting = left
  }

  #give(member: Member, job: Job): void {
    this.#waitingBytes -= sizeOf(job)
    if (job.call.kind === 'request' && job.call.keep) {
      this.#homes.set(job.exchange, member)
      member.exchanges.add(job.exchange)
    }
    member.give(job)
  }

  #answered(member: Member, message: Exclude<FromWorker, { kind: 'prepared' }>): void {
    const { id } = message
    member.given.delete(id)
    this.#resolve(id, message.kind === 'clean' ? cleanVerdict(message.us, message.score) : message.verdict)
    this.#crew.settled(member)
    this.#dispatch()
  }

  /** What it had not begun with is for others, unless only it could answer. */
  #lost(member: Member, guilty: Job | undefined, reason: string): void {
    if (guilty) this.#resolve(guilty.id, failed(reason))
    for (const exchange of member.exchanges) this.#homes.delete(exchange)
    const open = [...member.given.values()].filter(({ id }) => this.#settle.has(id))
    const again = open.filter(({ call }) => call.kind === 'request')
    for (const job of again) this.#waitingBytes += sizeOf(job)
    this.#waiting = [...again, ...this.#waiting]
    for (const { id, call } of open)
      if (call.kind !== 'request') this.#resolve(id, failed('the worker that knew this exchange has ended'))
  }

  #watchOver(): void {
    this.#watch ??= setInterval(() => {
      this.#endLate()
      this.#expire()
      if (this.#settle.size > 0) return
      clearInterval(this.#watch)
      this.#watch = undefined
    }, watchMs)
  }

  #endLate(): void {
    for (const member of [...this.#crew.members]) {
      const work = member.work()
      if (!work) continue
      const { deadlineMs, deadlineMsPerMb } = this.#options
      const allowed = deadlineMs + (sizeOf(work.job) / 1e6) * deadlineMsPerMb
      if (work.cpuMs < allowed && work.wallMs < allowed * wallFactor) continue
      const reason = `it took more than ${Math.round(allowed)} ms of work`
      this.#resolve(work.job.id, failed(reason))
      this.#crew.replace(member, `a worker was ended: one call took more than ${Math.round(allowed)} ms of work`)
    }
  }

  #expire(): void {
    const before = performance.now() - maxWaitMs
    const isLate = ({ since }: Job): boolean => since < before
    const late = this.#waiting.filter(isLate)
    if (late.length > 0) this.#waiting = this.#waiting.filter((job) => !isLate(job))
    for (const job of late) this.#waitingBytes -= sizeOf(job)
    const given = [...this.#crew.members].flatMap((member) =>
      [...member.given.values()].filter((job) => job !== member.current && this.#settle.has(job.id)),
    )
    for (const { id } of [...late, ...given.filter(isLate)])
      this.#resolve(id, failed(`no worker was free for ${maxWaitMs} ms`))
  }
}

const sizeOf = ({ body }: Job): number => body?.bytes.length ?? 0

function leastBusy(members: readonly Member[], { call }: Job): Member | undefined {
  let best: Member | undefined
  for (const member of members) {
    if (call.kind === 'request' && !member.profiles.has(call.profile)) continue
    if (!best || member.given.size < best.given.size) best = member
  }
  return best
}
