/**
 * The life of a pod: folders, redirect, sidecar, then the app, as a kubelet does it with a native sidecar: the app
 * starts when the sidecar is ready.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { endProcessesIn } from './clean.ts'
import { enter, inNetworkOf, podEnvironment } from './enter.ts'
import { LabError } from './error.ts'
import { type Layout, logPath, namespaceOf, podPaths, repository } from './layout.ts'
import { changeManifest, currentManifest, type Pod, type StartedProcess } from './manifest.ts'
import { inodeOf, removeNamespaces } from './network.ts'
import { resolverOf, writeAppFiles } from './pod-files.ts'
import { appNamed } from './pods/catalogue.ts'
import { isAlive, isListening, networkOf, type ProcessRef } from './processes.ts'
import { hasSidecar, publish } from './publish.ts'
import { mustRun, startDaemon, tail } from './run.ts'
import type { Secrets } from './secrets.ts'
import { isSidecarReady, startSidecar } from './sidecar.ts'
import { all } from './together.ts'
import { until } from './until.ts'

/** initdb on a slow machine. */
const prepareTimeoutMs = 60_000
const readyTimeoutMs = 30_000

export type StartOptions = {
  readonly secrets: Secrets
  /** Resolves when sidecars can be served, with the Envoy to run; only asked for by pods that have one. */
  readonly envoy: Promise<string>
  readonly signal: AbortSignal
}

/** From a connected network namespace to an app that answers to its name. */
export async function startPod(layout: Layout, pod: Pod, options: StartOptions): Promise<void> {
  await all([prepareApp(layout, pod, options), guard(layout, pod, options)])
  await startApp(layout, pod, options)
  changeManifest(layout, ({ pods }) => ({
    pods: pods.map((other) => (other.name === pod.name ? { ...other, ready: true } : other)),
  }))
  publish(layout)
}

/** Redirected, with a ready sidecar in the way; nothing where the pod has none. */
async function guard(layout: Layout, pod: Pod, { envoy, signal }: StartOptions): Promise<void> {
  if (!hasSidecar(appNamed(pod.app), currentManifest(layout))) return
  const redirect = join(repository, 'webhook', 'init', 'redirect.sh')
  await mustRun(inNetworkOf(layout, pod.name, ['sh', redirect]), { signal })
  const sidecar = await startSidecar(layout, pod.name, await envoy)
  await ready(layout, { ...sidecar, role: 'sidecar', pod: pod.name }, () => isSidecarReady(layout, pod.name), signal)
}

async function prepareApp(layout: Layout, pod: Pod, { secrets, signal }: StartOptions): Promise<void> {
  const app = appNamed(pod.app)
  await writeAppFiles(layout, app, pod.name, { dns: resolverOf(currentManifest(layout)), secrets })
  if (app.prepare === undefined) return
  const argv = enter(layout, pod.name, { uid: app.uid, argv: app.prepare() })
  await mustRun(argv, { env: podEnvironment(pod.name), timeoutMs: prepareTimeoutMs, signal })
}

async function startApp(layout: Layout, pod: Pod, { signal }: StartOptions): Promise<void> {
  const app = appNamed(pod.app)
  const argv = enter(layout, pod.name, { uid: app.uid, argv: app.command() })
  const env = podEnvironment(pod.name)
  const started = await startDaemon(argv, { log: logPath(layout, `${pod.name}.app`), env })
  await ready(layout, { ...started, role: 'app', pod: pod.name }, () => isAppReady(layout, pod, started), signal)
}

/** Notes the process and waits for it. @throws LabError `failed` with the end of its log. */
async function ready(
  layout: Layout,
  started: StartedProcess,
  check: () => boolean | Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  changeManifest(layout, ({ processes }) => ({ processes: [...processes, started] }))
  const log = logPath(layout, `${started.pod}.${started.role}`)
  const name = `the ${started.role} of ${started.pod}`
  const alive = async () => {
    if (isAlive(started)) return check()
    throw new LabError('failed', `${name} ended:\n${tail(log)}`)
  }
  await until(alive, { what: () => `${name} to get ready:\n${tail(log)}`, timeoutMs: readyTimeoutMs, signal })
}

/** Every declared port is listened on, inside, and the app has nothing to say against it. */
export function isAppReady(layout: Layout, pod: Pod, process: ProcessRef): boolean {
  const app = appNamed(pod.app)
  // before it has entered, its /proc shows the machine's own sockets
  const inside = isAlive(process) && networkOf(process.pid) === inodeOf(namespaceOf(layout, pod.name))
  if (!inside || app.isReady?.(podPaths(layout, pod.name).app) === false) return false
  return app.ports.every(({ protocol, port }) => isListening(process.pid, protocol, port))
}

/** Ends a pod: first nobody is led to it any more and its addresses carry no rights, then it goes. */
export async function endPod(layout: Layout, pod: Pod): Promise<void> {
  changeManifest(layout, ({ pods }) => ({ pods: pods.filter(({ name }) => name !== pod.name) }))
  publish(layout)
  const name = namespaceOf(layout, pod.name)
  const ours = currentManifest(layout).namespaces.filter((namespace) => namespace.name === name)
  await endProcessesIn(ours)
  await removeNamespaces(ours)
  await rm(podPaths(layout, pod.name).root, { recursive: true, force: true })
  changeManifest(layout, ({ namespaces, processes }) => ({
    namespaces: namespaces.filter((namespace) => namespace.name !== name),
    processes: processes.filter((process) => process.pod !== pod.name),
  }))
}
