/**
 * Where profiles come from: the control plane's API, asked again as soon as it has answered (it answers when something
 * changes). Promises: what is handed on has been read by policy's parsers; while nobody answers, or nonsense, the last good
 * set stays; it asks for ever, with growing and jittered pauses. Never: keeps a set on disk.
 */
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Problem } from '../../xds-server/policy/model.ts'
import { parseInspectionSet } from '../../xds-server/policy/parse-sensor.ts'
import type { InspectionSet } from '../../xds-server/policy/sensor.ts'

export type ProfileSourceOptions = {
  /** The API's unix socket. */
  readonly socketPath: string
  /** A set that is new: whole and checked. */
  readonly onSet: (set: InspectionSet) => void
  /** A set that is refused; that nobody answers (once, until somebody does). */
  readonly onProblem: (problem: Problem) => void
}

export type ProfileSourceState = {
  /** The last question was answered. */
  readonly connected: boolean
  /** ETag of the last good set; undefined: none yet. */
  readonly revision: string | undefined
  /** Why the last question, or the last set, came to nothing. */
  readonly problem: string | undefined
}

export type ProfileSource = { readonly state: () => ProfileSourceState; readonly close: () => Promise<void> }

/** Seconds that the control plane may wait for a change. */
const waitSeconds = 25
/** Silence after which a connection is dead. */
const silenceMs = (waitSeconds + 10) * 1000
/** Pauses between attempts that fail: doubled from the first to the last, each multiplied by 0.5 to 1. */
const firstPauseMs = 200
const lastPauseMs = 5000
/** Between answers that say nothing new: somebody who does not wait is not asked in a circle. */
const quietPauseMs = 100
/** A larger set is refused: 500 sensors with their words and hashes are smaller. */
const maxSetBytes = 256 * 1024 * 1024

export function profileSource(options: ProfileSourceOptions): ProfileSource {
  const source = new Source(options)
  const running = source.run()
  return {
    state: () => source.state,
    async close() {
      source.stop()
      await running
    },
  }
}

type Answer = { readonly etag: string; readonly text: string } | 'unchanged'

class Source {
  readonly #options: ProfileSourceOptions
  readonly #stopping = new AbortController()
  /** Of the last set that was read, good or not. */
  #read: string | undefined
  state: ProfileSourceState = { connected: false, revision: undefined, problem: undefined }

  constructor(options: ProfileSourceOptions) {
    this.#options = options
  }

  stop(): void {
    this.#stopping.abort()
  }

  async run(): Promise<void> {
    let failures = 0
    while (!this.#stopping.signal.aborted) {
      try {
        const isNew = await this.#ask()
        failures = 0
        if (!isNew) await this.#pause(quietPauseMs)
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        this.#failed((error as Error).message)
        await this.#pause(Math.min(lastPauseMs, firstPauseMs * 2 ** failures++) * (0.5 + Math.random() / 2))
      }
    }
  }

  /** Whether there was a new set. */
  async #ask(): Promise<boolean> {
    const answer = await ask(this.#options.socketPath, this.#read, this.#stopping.signal)
    if (answer === 'unchanged' || answer.etag === this.#read) {
      this.state = { ...this.state, connected: true, problem: this.#isGood ? undefined : this.state.problem }
      return false
    }
    this.#read = answer.etag
    this.#take(answer.etag, answer.text)
    return true
  }

  get #isGood(): boolean {
    return this.state.revision === this.#read
  }

  #take(etag: string, text: string): void {
    const parsed = parseInspectionSet(jsonOf(text))
    if (parsed.ok) {
      this.state = { connected: true, revision: etag, problem: undefined }
      this.#options.onSet(parsed.value)
      return
    }
    const [first] = parsed.problems
    this.state = { ...this.state, connected: true, problem: `the set is refused: ${first!.path}: ${first!.message}` }
    for (const problem of parsed.problems) this.#options.onProblem(problem)
  }

  #failed(message: string): void {
    const wasConnected = this.state.connected || this.state.problem === undefined
    this.state = { ...this.state, connected: false, problem: message }
    if (wasConnected) this.#options.onProblem({ path: '', message: `the control plane does not answer: ${message}` })
  }

  async #pause(ms: number): Promise<void> {
    // Aborting it is how the source stops.
    await pause(ms, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function ask(socketPath: string, etag: string | undefined, signal: AbortSignal): Promise<Answer> {
  const path = `/api/v1/inspection?wait=${etag === undefined ? 0 : waitSeconds}`
  const headers = { accept: 'application/json', ...(etag !== undefined && { 'if-none-match': etag }) }
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, headers, timeout: silenceMs, signal }, (answer) => {
      read(answer).then(resolve, reject)
    })
    call.on('timeout', () => call.destroy(new Error(`no answer for ${silenceMs / 1000} s`)))
    call.on('error', reject)
    call.end()
  })
}

async function read(answer: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer) {
    size += chunk.length
    if (size > maxSetBytes) throw new Error(`the set is larger than ${maxSetBytes} bytes`)
    chunks.push(chunk)
  }
  if (answer.statusCode === 304) return 'unchanged'
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`)
  if (answer.headers.etag === undefined) throw new Error('an answer without ETag')
  return { etag: answer.headers.etag, text: Buffer.concat(chunks).toString('utf8') }
}
