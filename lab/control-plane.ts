/** The lab's control plane: one process in the node's namespace, which may be killed and started again. */
import { join } from 'node:path'
import { pageOverSocket } from './ask.ts'
import { classifierFlags } from './classifier.ts'
import { besideNode, ownEnvironment } from './enter.ts'
import { LabError } from './error.ts'
import { controlPlaneAddress, type Layout, logPath, repository } from './layout.ts'
import { changeManifest, currentManifest } from './manifest.ts'
import { ended, isAlive, signalAll } from './processes.ts'
import { startDaemon, tail } from './run.ts'
import { until } from './until.ts'

const readyTimeoutMs = 30_000

/** The one place that knows how `postern xds` is called. */
function commandLine(layout: Layout): readonly string[] {
  return [
    process.execPath,
    join(repository, 'main.ts'),
    'xds',
    ...['--data', layout.controlPlane],
    ...['--inventory', layout.inventory],
    ...['--tokens', layout.tokens],
    ...['--listen', `${controlPlaneAddress.host}:${controlPlaneAddress.port}`],
    ...['--metrics', '127.0.0.1:15014'],
    ...['--api', layout.socket],
    ...(currentManifest(layout).options.classifier ? classifierFlags(layout) : []),
  ]
}

/** The authority it makes at its first start; sidecars trust no other. */
export function caFile(layout: Layout): string {
  return join(layout.controlPlane, 'ca.crt')
}

/** Starts it and waits until it is ready. @throws LabError `failed` with the end of its log. */
export async function startControlPlane(layout: Layout, signal?: AbortSignal): Promise<void> {
  if (controlPlaneOf(layout) !== undefined) throw new LabError('already-up', 'the control plane is running')
  const log = logPath(layout, 'control-plane')
  const started = await startDaemon(besideNode(layout, commandLine(layout)), { log, env: ownEnvironment() })
  changeManifest(layout, ({ processes }) => ({
    processes: [
      ...processes.filter(({ role }) => role !== 'control-plane'),
      { ...started, role: 'control-plane', pod: null },
    ],
  }))
  const check = async () => {
    if (isAlive(started)) return isControlPlaneReady(layout)
    throw new LabError('failed', `the control plane ended:\n${tail(log)}`)
  }
  const what = () => `the control plane to get ready:\n${tail(log)}`
  await until(check, { what, timeoutMs: readyTimeoutMs, ...(signal && { signal }) })
}

/** SIGKILL: nothing of it gets to say goodbye. */
export async function killControlPlane(layout: Layout): Promise<void> {
  const running = controlPlaneOf(layout)
  if (running === undefined) throw new LabError('not-up', 'there is no control plane to kill')
  signalAll([running], 'SIGKILL')
  await ended([running])
}

/** Undefined: it is not running. */
export function controlPlaneOf(layout: Layout) {
  return currentManifest(layout).processes.find((process) => process.role === 'control-plane' && isAlive(process))
}

export async function isControlPlaneReady(layout: Layout): Promise<boolean> {
  return (await statusOverSocket(layout.socket, '/readyz')) === 200
}

/** HTTP status of a GET over a unix socket; undefined when nobody answers. */
export async function statusOverSocket(socketPath: string, path: string): Promise<number | undefined> {
  return (await pageOverSocket(socketPath, path))?.status
}
