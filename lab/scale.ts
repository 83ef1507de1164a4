import { LabError } from './error.ts'
import type { Layout } from './layout.ts'
import { changeManifest, currentManifest, type Pod } from './manifest.ts'
import { connectPods, makeNamespaces, takeHosts } from './network.ts'
import { endPod, startPod } from './pod.ts'
import { makeFolders, resolverOf } from './pod-files.ts'
import type { App } from './pods/app.ts'
import { appNamed, podName } from './pods/catalogue.ts'
import { hasSidecar, publish } from './publish.ts'
import { readSecrets } from './secrets.ts'
import { findEnvoy, makeToken } from './sidecar.ts'
import { all, allOrNone } from './together.ts'

/** Makes an app have `count` pods; ready, or gone, when it resolves. @throws LabError `bad-argument` */
export async function scaleApp(layout: Layout, name: string, count: number): Promise<void> {
  const app = appNamed(name)
  if (!Number.isInteger(count) || count < 0 || count > app.maxReplicas) {
    throw new LabError('bad-argument', `${name} can have 0 to ${app.maxReplicas} pods, not ${count}`)
  }
  const now = currentManifest(layout).pods.filter((pod) => pod.app === name)
  for (const pod of now.slice(count).reverse()) await endPod(layout, pod)
  if (count > now.length) await addPods(layout, app, count - now.length)
}

async function addPods(layout: Layout, app: App, count: number): Promise<void> {
  const pods = claimPods(layout, app, count)
  await allOrNone(undefined, async (signal) => {
    await preparePods(layout, pods, signal)
    publish(layout)
    const envoy = currentManifest(layout).options.sidecars ? findEnvoy(signal) : Promise.resolve('')
    const options = { secrets: readSecrets(layout), envoy, signal }
    return [envoy.then(() => {}), ...pods.map((pod) => startPod(layout, pod, options))]
  }).catch(async (error: unknown) => {
    for (const pod of pods) await endPod(layout, pod)
    throw error
  })
}

/** Notes new pods of an app, with the lowest free numbers and their addresses. */
export function claimPods(layout: Layout, app: App, count: number): readonly Pod[] {
  const manifest = currentManifest(layout)
  const names = new Set(manifest.pods.map((pod) => pod.name))
  const inNetwork = app.sidecar !== 'outside'
  const { taken, next } = takeHosts(manifest, inNetwork ? count : 0)
  const free = Array.from({ length: app.maxReplicas }, (_, at) => podName(app, at + 1)).filter(
    (name) => !names.has(name),
  )
  const pods = free
    .slice(0, count)
    .map((name, at): Pod => ({ name, app: app.name, host: taken[at] ?? null, ready: false }))
  changeManifest(layout, (before) => ({ pods: [...before.pods, ...pods], nextHost: next }))
  return pods
}

/** Folders, tokens, namespaces and wires: all a pod has before anything runs in it. */
export async function preparePods(layout: Layout, pods: readonly Pod[], signal: AbortSignal): Promise<void> {
  const manifest = currentManifest(layout)
  await all(
    pods.map(async ({ name, app }) => {
      await makeFolders(layout, name, appNamed(app), resolverOf(manifest))
      if (hasSidecar(appNamed(app), manifest)) await makeToken(layout, name)
    }),
  )
  await makeNamespaces(
    layout,
    pods.map(({ name }) => name),
    signal,
  )
  await connectPods(layout, pods, signal)
}
