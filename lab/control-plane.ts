/** The lab's control plane: one process in the node's namespace, which may be killed and started again. */
import { join } from 'node:path'
import { pageOverSocket } from './ask.ts'
import { classifierFlags } from './classifier.ts'
import { controlPlaneAddress, type Layout, repository } from './layout.ts'
import { currentManifest } from './manifest.ts'
import { startDaemonOf } from './node-process.ts'

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
export function startControlPlane(layout: Layout, signal?: AbortSignal): Promise<void> {
  const isReady = () => isControlPlaneReady(layout)
  return startDaemonOf(layout, 'control-plane', { argv: commandLine(layout), isReady, ready: 'get ready', signal })
}

export async function isControlPlaneReady(layout: Layout): Promise<boolean> {
  return (await statusOverSocket(layout.socket, '/readyz')) === 200
}

/** HTTP status of a GET over a unix socket; undefined when nobody answers. */
export async function statusOverSocket(socketPath: string, path: string): Promise<number | undefined> {
  return (await pageOverSocket(socketPath, path))?.status
}
