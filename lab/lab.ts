/**
 * The lab: a small cluster of network namespaces on this machine, with the real apps, and (unless told otherwise) a
 * real Envoy in front of each managed pod and a control plane beside the node.
 *
 * Promises: it touches nothing but what it made (namespaces, processes inside them, its state directory); a killed run
 * is cleaned by the next `up` or `down`; every failure is a `LabError`.
 * Never: an address, route or bridge in the machine's own network; anything ended by its name.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { startClassifier } from './classifier.ts'
import { clean } from './clean.ts'
import { startControlPlane } from './control-plane.ts'
import { type ExecOptions, execIn, spawnIn } from './exec.ts'
import { type Layout, layoutOf } from './layout.ts'
import { withLock } from './lock.ts'
import { killDaemonOf } from './node-process.ts'
import type { RunResult } from './run.ts'
import { scaleApp } from './scale.ts'
import { type LabStatus, statusOf } from './status.ts'
import { startTraffic, type Traffic, type TrafficOptions } from './traffic.ts'
import { makeLab, type UpOptions } from './up.ts'

/** How long one command waits for another that is changing the same lab. */
const lockWaitMs = 60_000

export type Lab = {
  /** Where its files are: `paths.socket` is the API, `paths.logs` the logs. */
  readonly paths: Layout
  /** Takes it away; `keepFiles` leaves logs and data until the next `up`. No lab: nothing to do. */
  down(options?: { readonly keepFiles?: boolean }): Promise<void>
  status(): Promise<LabStatus>
  /** @see execIn */
  exec(pod: string, argv: readonly string[], options?: ExecOptions): Promise<RunResult>
  /** @see spawnIn */
  spawn(pod: string, argv: readonly string[]): ChildProcessWithoutNullStreams
  /** @see scaleApp */
  scale(app: string, count: number): Promise<void>
  /** Background traffic through real clients, bounded in time. @see startTraffic */
  startTraffic(options?: TrafficOptions): Promise<Traffic>
  /** SIGKILL. The sidecars stay. */
  killControlPlane(): Promise<void>
  /** Resolves when it is ready. */
  startControlPlane(): Promise<void>
  /** SIGKILL. */
  killClassifier(): Promise<void>
  /** Resolves when it answers. */
  startClassifier(): Promise<void>
}

/** Makes a lab and resolves when all its apps answer. @throws LabError; then nothing is left of it. */
export async function up(options: UpOptions = {}): Promise<Lab> {
  const layout = layoutOf(options.dir)
  await withLock(layout, 0, () => makeLab(layout, options))
  return openLab(layout.dir)
}

/** The lab of a directory (default as in `up`), whoever made it and whether it is up or not. Looks at nothing yet. */
export function openLab(dir?: string): Lab {
  const layout = layoutOf(dir)
  const alone = <T>(work: () => Promise<T>) => withLock(layout, lockWaitMs, work)
  return {
    paths: layout,
    down: ({ keepFiles = false } = {}) => alone(() => clean(layout, { keepFiles })),
    status: () => statusOf(layout),
    exec: (pod, argv, options) => execIn(layout, pod, argv, options),
    spawn: (pod, argv) => spawnIn(layout, pod, argv),
    scale: (app, count) => alone(() => scaleApp(layout, app, count)),
    startTraffic: (options) => startTraffic(layout, options),
    killControlPlane: () => alone(() => killDaemonOf(layout, 'control-plane')),
    startControlPlane: () => alone(() => startControlPlane(layout)),
    killClassifier: () => alone(() => killDaemonOf(layout, 'classifier')),
    startClassifier: () => alone(() => startClassifier(layout)),
  }
}
