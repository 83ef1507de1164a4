/** The lab's classifier: one process in the node's namespace, on a socket that sidecars (and nobody else) may use. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pageOverSocket } from './ask.ts'
import { inside, type Layout, proxyUid, repository } from './layout.ts'
import { startDaemonOf } from './node-process.ts'

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
export function startClassifier(layout: Layout, signal?: AbortSignal): Promise<void> {
  const isReady = () => isAnswering(layout)
  return startDaemonOf(layout, 'classifier', {
    argv: commandLine(layout),
    isReady,
    ready: 'answer the control plane',
    signal,
  })
}

/** Not merely that it listens: from then on sidecars are told to ask it. */
async function isAnswering(layout: Layout): Promise<boolean> {
  const page = await pageOverSocket(layout.socket, '/readyz')
  return page?.body.includes('classifier: answers') ?? false
}
