/** A process of ours in the node's namespace, one of each role: started and waited for, found again, killed. */
import { besideNode, ownEnvironment } from './enter.ts'
import { LabError } from './error.ts'
import { type Layout, logPath } from './layout.ts'
import { changeManifest, currentManifest } from './manifest.ts'
import { ended, isAlive, signalAll } from './processes.ts'
import { startDaemon, tail } from './run.ts'
import { until } from './until.ts'

const readyTimeoutMs = 30_000

type Role = 'control-plane' | 'classifier'
/** As people read it. */
const called: Readonly<Record<Role, string>> = { 'control-plane': 'the control plane', classifier: 'the classifier' }

export type Daemon = {
  readonly argv: readonly string[]
  readonly isReady: () => Promise<boolean>
  /** What it is waited for to do. */
  readonly ready: string
  readonly signal?: AbortSignal | undefined
}

/** Starts it and waits until it is ready. @throws LabError `failed` with the end of its log. */
export async function startDaemonOf(layout: Layout, role: Role, daemon: Daemon): Promise<void> {
  const { argv, isReady, ready, signal } = daemon
  if (daemonOf(layout, role) !== undefined) throw new LabError('already-up', `${called[role]} is running`)
  const log = logPath(layout, role)
  const started = await startDaemon(besideNode(layout, argv), { log, env: ownEnvironment() })
  changeManifest(layout, ({ processes }) => ({
    processes: [...processes.filter((process) => process.role !== role), { ...started, role, pod: null }],
  }))
  const check = async () => {
    if (isAlive(started)) return isReady()
    throw new LabError('failed', `${called[role]} ended:\n${tail(log)}`)
  }
  const what = () => `${called[role]} to ${ready}:\n${tail(log)}`
  await until(check, { what, timeoutMs: readyTimeoutMs, ...(signal && { signal }) })
}

/** SIGKILL: nothing of it gets to say goodbye. */
export async function killDaemonOf(layout: Layout, role: Role): Promise<void> {
  const running = daemonOf(layout, role)
  if (running === undefined) throw new LabError('not-up', `there is no ${role.replace('-', ' ')} to kill`)
  signalAll([running], 'SIGKILL')
  await ended([running])
}

/** Undefined: it is not running. */
export function daemonOf(layout: Layout, role: Role) {
  return currentManifest(layout).processes.find((process) => process.role === role && isAlive(process))
}
