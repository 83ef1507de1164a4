/**
 * What the lab tells others of its pods: the inventory, the sidecars' tokens and the resolver's names, each file
 * written whole by rename. All of it follows from the manifest.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tokenLine } from '../xds-server/envoy/verifier.ts'
import type { Inventory, Workload } from '../xds-server/policy/model.ts'
import type { Zone } from './apps/dns-zone.ts'
import { addresses, type Layout, nodeName, partnerNames, podAddresses, podPaths } from './layout.ts'
import { currentManifest, type Manifest, type Pod, writeAtomically, writeTextAtomically } from './manifest.ts'
import type { App } from './pods/app.ts'
import { appNamed, catalogue } from './pods/catalogue.ts'

/** Tells everybody what the manifest says now. */
export function publish(layout: Layout): void {
  const manifest = currentManifest(layout)
  writeTextAtomically(layout.tokens, tokensOf(layout, manifest))
  writeAtomically(layout.inventory, inventoryOf(manifest), 0o644)
  const resolver = manifest.pods.find(({ app }) => app === 'coredns')
  if (resolver !== undefined) writeAtomically(zoneFile(layout, resolver), zoneOf(manifest), 0o644)
}

function zoneFile(layout: Layout, resolver: Pod): string {
  return join(podPaths(layout, resolver.name).app, 'zone.json')
}

/** The lab's pods as a cluster would show them. */
export function inventoryOf(manifest: Manifest): Inventory {
  const inCluster = catalogue.filter(({ sidecar }) => sidecar !== 'outside')
  const workloads = manifest.pods.flatMap((pod) => workloadOf(pod, manifest.options.sidecars))
  return {
    workloads,
    namespaces: [...new Set(inCluster.map(({ namespace }) => namespace))].sort().map((name) => {
      return { name, labels: { 'kubernetes.io/metadata.name': name } }
    }),
    nodes: [{ name: nodeName, ips: [...addresses.node, ...addresses.gateway] }],
    podCidrs: [...addresses.podCidrs],
    dnsServers: workloads.filter(({ owner }) => owner.name === 'coredns').flatMap(({ ips }) => ips),
    resolved: Object.fromEntries(partnerNames.map((name) => [name, [...addresses.partner]])),
  }
}

function workloadOf(pod: Pod, sidecars: boolean): readonly Workload[] {
  const app = appNamed(pod.app)
  if (pod.host === null) return []
  return [
    {
      id: pod.name,
      name: pod.name,
      namespace: app.namespace,
      labels: { ...app.labels },
      serviceAccount: app.name,
      node: nodeName,
      image: app.image,
      owner: { kind: 'Deployment', name: app.name },
      ips: [...podAddresses(pod.host)],
      ports: [...app.ports],
      managed: sidecars && app.sidecar === 'managed',
    },
  ]
}

/** The form the control plane's verifier reads. */
function tokensOf(layout: Layout, manifest: Manifest): string {
  const guarded = manifest.pods.filter(({ app }) => hasSidecar(appNamed(app), manifest))
  return guarded.map(({ name }) => `${tokenLine(name, readFileSync(tokenFile(layout, name), 'utf8'))}\n`).join('')
}

/** Does a pod of this app get a sidecar in this lab? */
export function hasSidecar(app: App, manifest: Manifest): boolean {
  return manifest.options.sidecars && app.sidecar === 'managed'
}

/** The sidecar's proof of who it is: for the proxy's uid only, no newline at its end. */
export function tokenFile(layout: Layout, pod: string): string {
  return join(podPaths(layout, pod).envoy, 'token')
}

/**
 * `<app>.<namespace>.svc.cluster.local`: v4 addresses of the ready pods, as a headless single-stack service has them;
 * `<app>-v6.…`: their v6 ones; `<pod>.<app>.…`: both of one pod.
 */
export function zoneOf(manifest: Manifest): Zone {
  const names: Record<string, string[]> = Object.fromEntries(partnerNames.map((name) => [name, [...addresses.partner]]))
  for (const { name: pod, app: appName, host, ready } of manifest.pods) {
    if (host === null || !ready) continue
    const domain = `${appNamed(appName).namespace}.svc.cluster.local`
    const [v4, v6] = podAddresses(host)
    names[`${appName}.${domain}`] = [...(names[`${appName}.${domain}`] ?? []), v4]
    names[`${appName}-v6.${domain}`] = [...(names[`${appName}-v6.${domain}`] ?? []), v6]
    names[`${pod}.${appName}.${domain}`] = [v4, v6]
  }
  return { zones: ['cluster.local', 'partner.test'], names }
}
