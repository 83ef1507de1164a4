/** The lab's classifier: one process in the node's namespace, on a socket that sidecars (and nobody else) may use. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pageOverSocket } from './ask.ts'
import { besideNode, ownEnvironment } from './enter.ts'
import { LabError } from './error.ts'
import { inside, type Layout, logPath, proxyUid, repository } from './layout.ts'
import { changeManifest, currentManifest } from './manifest.ts'
import { ended, isAlive, signalAll } from './processes.ts'
import { startDaemon, tail } from './run.ts'
import { until } from './until.ts'

const readyTimeoutMs = 30_000
const socketName = 'ext-proc.sock'
const socketOf = (layout: Layout): string => join(layout.classifier, socketName)

/** What is made in it belongs to the sidecars' group. */
export function makeClassifierFolder(layout: Layout): void {
  mkdirSync(layout.classifier)
  chownSync(layout.classifier, 0, proxyUid)
  chmodSync(layout.classifier, 0o2750)
}

/** How `postern xds` is told of it: sidecars see the folder elsewhere. */
export function classifierFlags(layout: Layout): readonly string[] {
  const flag = (path: string): string => `unix:${path}`
  const seen = join(inside.classifier, socketName)
  return ['--classifier', flag(seen), '--classifier-probe', flag(socketOf(layout))]
}

/** The one place that knows how `postern classifier` is called. The umask leaves its socket to the sidecars' group. */
function commandLine(layout: Layout): readonly string[] {
  return [
    ...['sh', '-c', 'umask 007 && exec "$@"', 'sh'],
    process.execPath,
    join(repository, 'main.ts'),
    'classifier',
    ...['--listen', `unix:${socketOf(layout)}`],
    ...['--control-plane', `unix:${layout.socket}`],
    // the control plane makes it at its first start
    ...['--key', join(layout.controlPlane, 'inspection.key')],
  ]
}

/** Starts it and waits until the control plane, which must be there, has its answer. @throws LabError `failed` with the end of its log. */
export async function startClassifier(layout: Layout, signal?: AbortSignal): Promise<void> {
  if (classifierOf(layout) !== undefined) throw new LabError('already-up', 'the classifier is running')
  const log = logPath(layout, 'classifier')
  const started = await startDaemon(besideNode(layout, commandLine(layout)), { log, env: ownEnvironment() })
  changeManifest(layout, ({ processes }) => ({
    processes: [
      ...processes.filter(({ role }) => role !== 'classifier'),
      { ...started, role: 'classifier', pod: null },
    ],
  }))
  const check = () => {
    if (isAlive(started)) return isAnswering(layout)
    throw new LabError('failed', `the classifier ended:\n${tail(log)}`)
  }
  const what = () => `the classifier to answer the control plane:\n${tail(log)}`
  await until(check, { what, timeoutMs: readyTimeoutMs, ...(signal && { signal }) })
}

/** SIGKILL, with whatever it was looking at. */
export async function killClassifier(layout: Layout): Promise<void> {
  const running = classifierOf(layout)
  if (running === undefined) throw new LabError('not-up', 'there is no classifier to kill')
  signalAll([running], 'SIGKILL')
  await ended([running])
}

/** Not merely that it listens: from then on sidecars are told to ask it. */
async function isAnswering(layout: Layout): Promise<boolean> {
  const page = await pageOverSocket(layout.socket, '/readyz')
  return page?.body.includes('classifier: answers') ?? false
}

/** Undefined: it is not running. */
export function classifierOf(layout: Layout) {
  return currentManifest(layout).processes.find((process) => process.role === 'classifier' && isAlive(process))
}
