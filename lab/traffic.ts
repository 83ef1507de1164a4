/** Background traffic, seen from who asked for it: a child process that outlives neither its deadline nor us. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { inNetworkOf, ownEnvironment } from './enter.ts'
import { LabError } from './error.ts'
import { type Layout, logPath, repository } from './layout.ts'
import { currentManifest } from './manifest.ts'

export type TrafficOptions = {
  /** It stops by itself after this long. Default 10 minutes, at most a day. */
  readonly durationMs?: number
  /** Rest between two rounds. Default 1 s. */
  readonly intervalMs?: number
}

export type FlowCount = {
  readonly ok: number
  readonly failed: number
  /** What the last failing client said; null: none failed. */
  readonly lastFailure: string | null
}

/** Everything since the start. */
type TrafficReport = { readonly rounds: number; readonly flows: Readonly<Record<string, FlowCount>> }

export type Traffic = {
  report(): TrafficReport
  /** The report after the round now under way. @throws LabError `failed` when the traffic has ended. */
  nextRound(): Promise<TrafficReport>
  /** Resolves when no client is left. */
  stop(): Promise<TrafficReport>
}

const defaultDurationMs = 10 * 60_000
const maxDurationMs = 24 * 60 * 60_000
const defaultIntervalMs = 1_000

/** Starts the rounds of `flows.ts`; resolves after the first one. */
export async function startTraffic(layout: Layout, options: TrafficOptions = {}): Promise<Traffic> {
  const { durationMs = defaultDurationMs, intervalMs = defaultIntervalMs } = options
  if (!(durationMs > 0 && durationMs <= maxDurationMs && intervalMs >= 0)) {
    throw new LabError('bad-argument', `traffic runs for up to ${maxDurationMs} ms, not ${durationMs}`)
  }
  currentManifest(layout)
  const child = spawnGenerator(layout, [layout.dir, String(durationMs), String(intervalMs)])
  const traffic = follow(child)
  await traffic.nextRound()
  return traffic
}

/** It sees our end by the end of its standard input, however we go. */
function spawnGenerator(layout: Layout, args: readonly string[]): ChildProcess {
  const program = [process.execPath, join(repository, 'lab', 'traffic-generator.ts'), ...args]
  const [file = '', ...rest] = inNetworkOf(layout, 'node', program)
  const log = openSync(logPath(layout, 'traffic'), 'a', 0o640)
  const child = spawn(file, rest, { detached: true, stdio: ['pipe', 'pipe', log], env: ownEnvironment() })
  closeSync(log)
  return child
}

function follow(child: ChildProcess): Traffic {
  let last: TrafficReport = { rounds: 0, flows: {} }
  let waiting: PromiseWithResolvers<TrafficReport>[] = []
  let running = true
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      running = false
      for (const { reject } of waiting.splice(0)) reject(new LabError('failed', 'the traffic has ended'))
      resolve()
    }
    child.once('close', end)
    child.once('error', end)
  })
  child.stdin!.on('error', () => {}) // it ended first
  createInterface({ input: child.stdout! }).on('line', (line) => {
    last = JSON.parse(line) as TrafficReport
    for (const { resolve } of waiting.splice(0)) resolve(last)
  })
  return {
    report: () => last,
    nextRound: () => {
      if (!running) return Promise.reject(new LabError('failed', 'the traffic has ended'))
      const next = Promise.withResolvers<TrafficReport>()
      waiting = [...waiting, next]
      return next.promise
    },
    stop: async () => {
      child.stdin!.end()
      await ended
      return last
    },
  }
}
