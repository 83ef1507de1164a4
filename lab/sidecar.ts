/** A pod's Envoy: its own token, bootstrap and admin socket, under the proxy's uid and without a capability. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bootstrap, envoyArguments } from '../xds-server/compile/bootstrap.ts'
import { caFile, statusOverSocket } from './control-plane.ts'
import { enter, podEnvironment } from './enter.ts'
import { controlPlaneAddress, inside, type Layout, logPath, podPaths, proxyUid, repository } from './layout.ts'
import { ownFile } from './pod-files.ts'
import type { ProcessRef } from './processes.ts'
import { tokenFile } from './publish.ts'
import { mustRun, startDaemon } from './run.ts'

const tokenBytes = 32
/** Unpacking Envoy for the first time. */
const envoyTimeoutMs = 300_000

/** A fresh proof of identity for a pod's sidecar. */
export async function makeToken(layout: Layout, pod: string): Promise<void> {
  await ownFile(tokenFile(layout, pod), randomBytes(tokenBytes).toString('base64url'), proxyUid)
}

/** Path of the Envoy to run, fetched if there is none (scripts/envoy.sh). */
export async function findEnvoy(signal: AbortSignal): Promise<string> {
  const script = join(repository, 'scripts', 'envoy.sh')
  return (await mustRun(['bash', script], { timeoutMs: envoyTimeoutMs, signal })).trim()
}

/** Starts a pod's Envoy; its redirect is there already, and the control plane has made its authority. */
export async function startSidecar(layout: Layout, pod: string, envoy: string): Promise<ProcessRef> {
  await ownFile(join(podPaths(layout, pod).envoy, 'bootstrap.json'), await bootstrapOf(layout, pod), proxyUid)
  const argv = [`${inside.image}/envoy`, '--config-path', `${inside.envoy}/bootstrap.json`, ...envoyArguments]
  const log = logPath(layout, `${pod}.sidecar`)
  return startDaemon(enter(layout, pod, { uid: proxyUid, argv, envoy }), { log, env: podEnvironment(pod) })
}

async function bootstrapOf(layout: Layout, pod: string): Promise<string> {
  const { host, port, serverName } = controlPlaneAddress
  const options = {
    nodeId: pod,
    token: await readFile(tokenFile(layout, pod), 'utf8'),
    controlPlane: { host, port, serverName, ca: await readFile(caFile(layout), 'utf8') },
    adminSocket: `${inside.envoy}/admin.sock`,
  }
  return JSON.stringify(bootstrap(options))
}

/** Envoy answers 200 once it has its configuration and listens. */
export async function isSidecarReady(layout: Layout, pod: string): Promise<boolean> {
  return (await statusOverSocket(join(podPaths(layout, pod).envoy, 'admin.sock'), '/ready')) === 200
}
