/** One worker as the pool sees it: its thread, what it has been given, and how long it has been at what it does. */
import { readFileSync } from 'node:fs'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { InspectionSet } from '../../xds-server/policy/sensor.ts'
import { maxWorkerHeapMb, maxWorkerYoungMb } from './limits.ts'
import {
  type Call,
  type CallBody,
  type FromWorker,
  ownCopy,
  place,
  type ToWorker,
  type WorkerSettings,
} from './wire.ts'

/** A set, by a number that grows, and what it needs compiled. */
export type Wanted = { readonly revision: number; readonly set: InspectionSet; readonly needs: ReadonlySet<string> }

/** A call until it is answered. Its body stays, so that another worker can have it. */
export type Job = {
  readonly id: number
  readonly exchange: number
  readonly call: Call
  readonly body: CallBody
  /** When it came (`performance.now()`). */
  readonly since: number
}

export type MemberEvents = {
  readonly answered: (member: Member, message: FromWorker) => void
  /** Its thread is no more. */
  readonly ended: (member: Member, reason: string) => void
}

export class Member {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #shared = new Int32Array(new SharedArrayBuffer(16))
  /** The call it was seen at last, since when, and the CPU time its thread had used by then. */
  #seen = { call: 0, at: 0, cpuMs: 0 }
  readonly given = new Map<number, Job>()
  /** Those of which it keeps something: nobody else can answer for them. */
  readonly exchanges = new Set<number>()
  profiles: ReadonlySet<string> = new Set()
  /** Of the set it has; 0: none. */
  revision = 0
  /** What that set needed: it is compiled. */
  known: ReadonlySet<string> = new Set()
  /** Of the set it is compiling. `isQuick`: only profiles are new, it goes on judging meanwhile. */
  preparing: (Wanted & { readonly isQuick: boolean }) | undefined
  /** When it judged last. */
  servedUntil = 0

  constructor({ crsDirectory, key }: Pick<WorkerSettings, 'crsDirectory' | 'key'>, events: MemberEvents) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const shared = this.#shared.buffer as SharedArrayBuffer
    const workerData: WorkerSettings = { crsDirectory, key, port: port2, shared }
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: maxWorkerHeapMb, maxYoungGenerationSizeMb: maxWorkerYoungMb },
    })
    let reason = 'a worker ended'
    port1.on('message', (message: FromWorker) => events.answered(this, message))
    this.#worker.on('error', (error) => {
      reason = `a worker ended: ${(error as NodeJS.ErrnoException).code ?? error.name}`
    })
    this.#worker.once('exit', () => {
      port1.close()
      events.ended(this, reason)
    })
  }

  give(job: Job): void {
    this.given.set(job.id, job)
    const { id, exchange, call } = job
    const body = job.body && { bytes: ownCopy(job.body.bytes), end: job.body.end }
    this.#send({ kind: 'call', id, exchange, call, body }, body ? [body.bytes.buffer] : [])
  }

  drop(exchange: number): void {
    if (this.exchanges.delete(exchange)) this.#send({ kind: 'drop', exchange })
  }

  prepare(wanted: Wanted, isQuick: boolean): void {
    this.preparing = { ...wanted, isQuick }
    this.#send({ kind: 'prepare', revision: wanted.revision, set: wanted.set })
  }

  prepared(profiles: readonly string[]): void {
    const { revision, needs } = this.preparing!
    this.revision = revision
    this.known = needs
    this.profiles = new Set(profiles)
    this.preparing = undefined
  }

  /** The call it is at, with the milliseconds of work it has done for it and those that have passed. */
  work(): { readonly job: Job; readonly cpuMs: number; readonly wallMs: number } | undefined {
    const job = this.current
    if (!job) return undefined
    const now = performance.now()
    if (this.#seen.call !== job.id) this.#seen = { call: job.id, at: now, cpuMs: this.#cpuMs(now) }
    return { job, cpuMs: this.#cpuMs(now) - this.#seen.cpuMs, wallMs: now - this.#seen.at }
  }

  /** The call it is at. */
  get current(): Job | undefined {
    return this.given.get(Atomics.load(this.#shared, place.call))
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #send(message: ToWorker, moved: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, moved)
    Atomics.add(this.#shared, place.signal, 1)
    Atomics.notify(this.#shared, place.signal)
  }

  /** What its thread has had of a processor: a busy machine makes nobody late. By the clock where Linux does not say. */
  #cpuMs(now: number): number {
    const thread = Atomics.load(this.#shared, place.thread)
    if (thread === 0) return now
    try {
      return Number(readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1').split(' ', 1)[0]) / 1e6
    } catch {
      return now
    }
  }
}
