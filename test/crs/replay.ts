/**
 * CRS's regression over raw sockets, against any server that judges requests and can say what it found.
 * Promises: each stage on a connection of its own, bytes as go-ftw sends them, found again in the server's log by a header;
 * what fails without standing in the list of ignored stages is told, and so is what stands there and passes.
 * Never: a marker request, a log file, a guess by order.
 */
import type { Duplex } from 'node:stream'
import { exchange, type Reply } from './exchange.ts'
import { type LogEntry, logProblems } from './log.ts'
import type { Stage } from './suite.ts'
import { wireOf } from './wire.ts'

export type ReplayOptions = {
  readonly stages: readonly Stage[]
  /** A new connection to the server, or to the proxy before it. */
  readonly connect: () => Duplex
  /**
   * What was found in the request that had this value in `requestIdHeader`; asked once its answer is there. Undefined: the
   * server never judged it (it refused it before).
   */
  readonly decisionsOf: (requestId: string) => Promise<LogEntry | undefined>
  /** Stage → reason (`ignored.ts`). */
  readonly ignored: ReadonlyMap<string, string>
  /** For one request; 5,000. */
  readonly timeoutMs?: number
  /** Requests at a time; 8. */
  readonly concurrency?: number
}

export type ReplayFailure = {
  readonly stage: string
  readonly description: string
  readonly problems: readonly string[]
}
export type ReplayReport = {
  readonly stages: number
  /** Neither passed nor ignored. */
  readonly failures: readonly ReplayFailure[]
  /** Failed, and may. */
  readonly ignored: readonly ReplayFailure[]
  /** In the list of ignored ones although they pass, or are not in the suite. */
  readonly needlesslyIgnored: readonly string[]
}

export async function replay(options: ReplayOptions): Promise<ReplayReport> {
  const { stages, ignored, concurrency = 8 } = options
  const failed: ReplayFailure[] = []
  const waiting = stages.values()
  const lane = async (): Promise<void> => {
    for (const stage of waiting) {
      const problems = await problemsOf(stage, options)
      if (problems.length > 0) failed.push({ stage: stage.name, description: stage.description, problems })
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  const failedNames = new Set(failed.map(({ stage }) => stage))
  return {
    stages: stages.length,
    failures: inOrder(failed.filter(({ stage }) => !ignored.has(stage))),
    ignored: inOrder(failed.filter(({ stage }) => ignored.has(stage))),
    needlesslyIgnored: [...ignored.keys()].filter((stage) => !failedNames.has(stage)),
  }
}

const inOrder = (list: readonly ReplayFailure[]): readonly ReplayFailure[] =>
  list.toSorted((a, b) => a.stage.localeCompare(b.stage, 'en', { numeric: true }))

/** One value per stage of one run: a server may be asked by several runs. */
let run = 0

async function problemsOf(stage: Stage, options: ReplayOptions): Promise<readonly string[]> {
  const { connect, decisionsOf, timeoutMs = 5000 } = options
  run += 1
  const id = `${stage.name.replace('/', '.')}-${run}`
  const reply = await exchange(connect(), wireOf(stage.input, id), timeoutMs)
  const { log } = stage.output
  const entry = log === undefined ? undefined : await decisionsOf(id)
  return [...replyProblems(stage, reply), ...(log === undefined ? [] : logProblems(log, entry ?? nothing))]
}

const nothing: LogEntry = { ids: [], text: '' }

/** A stage that asks only for the log does not mind what was answered, but that there was an answer, it does. */
function replyProblems({ output: { status, expect_error } }: Stage, reply: Reply): readonly string[] {
  if (reply.kind === 'failed') return expect_error ? [] : [`no answer: ${reply.why}`]
  if (expect_error) return [`answered ${reply.status}, where an error was expected`]
  return status === undefined || status === reply.status ? [] : [`answered ${reply.status} instead of ${status}`]
}
