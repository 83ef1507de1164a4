import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { enter, podEnvironment } from './enter.ts'
import { LabError } from './error.ts'
import type { Layout } from './layout.ts'
import { currentManifest } from './manifest.ts'
import { appNamed, nodeUser } from './pods/catalogue.ts'
import { type RunResult, run } from './run.ts'

export type ExecOptions = {
  readonly input?: string | Uint8Array
  /** Default 60 s; then the command is killed and its code is 124. */
  readonly timeoutMs?: number
  /** Default: the app's own, without capabilities. 0 keeps root's. */
  readonly uid?: number
  /** Kills the command; then `execIn` rejects with its reason. */
  readonly signal?: AbortSignal
}

/**
 * Runs a command inside a pod and gives back its first 8 MiB of each output. `target` is a pod, an app (its first pod)
 * or `node`. @throws LabError `unknown-pod`, `not-up`
 */
export async function execIn(
  layout: Layout,
  target: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<RunResult> {
  const { uid, ...rest } = options
  const { command, env } = commandIn(layout, target, argv, uid)
  return run(command, { ...rest, env })
}

/** As `execIn` for a person: the terminal is the command's. Gives back its exit code. */
export function execAttached(layout: Layout, target: string, argv: readonly string[]): Promise<number> {
  const { command, env } = commandIn(layout, target, argv)
  const { TERM = 'dumb' } = process.env
  const child = spawn(command[0]!, command.slice(1), { stdio: 'inherit', env: { ...env, TERM } })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']))
  })
}

/** The same, left running with pipes to it: for a conversation. The caller ends it. @throws LabError as `execIn` */
export function spawnIn(layout: Layout, target: string, argv: readonly string[]): ChildProcessWithoutNullStreams {
  const { command, env } = commandIn(layout, target, argv)
  return spawn(command[0]!, command.slice(1), { stdio: 'pipe', env })
}

function commandIn(layout: Layout, target: string, argv: readonly string[], uid?: number) {
  const pod = findTarget(layout, target)
  return { command: enter(layout, pod.name, { uid: uid ?? pod.uid, argv }), env: podEnvironment(pod.name) }
}

function findTarget(layout: Layout, target: string): { readonly name: string; readonly uid: number } {
  const { pods } = currentManifest(layout)
  if (target === 'node') return { name: target, uid: nodeUser.uid }
  const pod = pods.find(({ name }) => name === target) ?? pods.find(({ app }) => app === target)
  if (pod !== undefined) return { name: pod.name, uid: appNamed(pod.app).uid }
  throw new LabError('unknown-pod', `no pod ${target}: there are node, ${pods.map(({ name }) => name).join(', ')}`)
}
