import { isControlPlaneReady } from './control-plane.ts'
import { addresses, type Layout, namespaceOf, podAddresses } from './layout.ts'
import { type Manifest, type Pod, readManifest } from './manifest.ts'
import { daemonOf } from './node-process.ts'
import { isAppReady } from './pod.ts'
import { appNamed } from './pods/catalogue.ts'
import { isAlive } from './processes.ts'
import { hasSidecar } from './publish.ts'
import { isSidecarReady } from './sidecar.ts'

/** `none`: there is not meant to be one. */
export type Health = 'ready' | 'not-ready' | 'ended' | 'none'

export type PodStatus = {
  readonly name: string
  /** The app it runs, which is its owner. */
  readonly owner: string
  /** Kubernetes namespace; empty outside the cluster. */
  readonly namespace: string
  /** Network namespace, for `ip netns`. */
  readonly network: string
  readonly ips: readonly string[]
  readonly sidecar: Health
  readonly app: Health
}

export type LabStatus =
  | { readonly state: 'down'; readonly dir: string }
  | {
      readonly state: 'starting' | 'up'
      readonly dir: string
      /** Unix socket of the API. */
      readonly socket: string
      readonly controlPlane: Health
      readonly pods: readonly PodStatus[]
    }

/** How a lab is right now, asked of the processes themselves. */
export async function statusOf(layout: Layout): Promise<LabStatus> {
  const manifest = readManifest(layout)
  if (manifest === undefined || manifest.state === 'down') return { state: 'down', dir: layout.dir }
  return {
    state: manifest.state,
    dir: layout.dir,
    socket: layout.socket,
    controlPlane: await controlPlaneHealth(layout, manifest),
    pods: await Promise.all(manifest.pods.map((pod) => podStatus(layout, manifest, pod))),
  }
}

async function controlPlaneHealth(layout: Layout, { options }: Manifest): Promise<Health> {
  if (!options.controlPlane) return 'none'
  if (daemonOf(layout, 'control-plane') === undefined) return 'ended'
  return (await isControlPlaneReady(layout)) ? 'ready' : 'not-ready'
}

async function podStatus(layout: Layout, manifest: Manifest, pod: Pod): Promise<PodStatus> {
  const app = appNamed(pod.app)
  return {
    name: pod.name,
    owner: app.name,
    namespace: app.namespace,
    network: namespaceOf(layout, pod.name),
    ips: pod.host === null ? [...addresses.loadBalancer, ...addresses.partner] : podAddresses(pod.host),
    sidecar: hasSidecar(app, manifest) ? await sidecarHealth(layout, manifest, pod) : 'none',
    app: appHealth(layout, manifest, pod),
  }
}

async function sidecarHealth(layout: Layout, manifest: Manifest, pod: Pod): Promise<Health> {
  const sidecar = processOf(manifest, pod, 'sidecar')
  if (sidecar === undefined) return 'not-ready'
  if (!isAlive(sidecar)) return 'ended'
  return (await isSidecarReady(layout, pod.name)) ? 'ready' : 'not-ready'
}

function appHealth(layout: Layout, manifest: Manifest, pod: Pod): Health {
  const app = processOf(manifest, pod, 'app')
  if (app === undefined) return 'not-ready'
  if (!isAlive(app)) return 'ended'
  return isAppReady(layout, pod, app) ? 'ready' : 'not-ready'
}

function processOf({ processes }: Manifest, { name }: Pod, role: 'sidecar' | 'app') {
  return processes.find((process) => process.pod === name && process.role === role)
}
