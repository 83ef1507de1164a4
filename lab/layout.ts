/**
 * Where everything of a lab is: its paths, its namespace names and its addresses. Nothing else builds one.
 * The addresses exist only inside the lab's own namespaces.
 */
import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { defaultLabDir, labSocket } from '../cli/socket.ts'
import { controlPlaneName } from '../xds-server/compile/names.ts'

export type Layout = {
  /** The state directory; everything else is in it. */
  readonly dir: string
  /** First part of the names of this lab's namespaces. */
  readonly prefix: string
  readonly manifest: string
  readonly inventory: string
  readonly tokens: string
  /** The control plane's API. */
  readonly socket: string
  /** The control plane's own data. */
  readonly controlPlane: string
  /** The folder of the classifier's socket: sidecars see it, and nothing else of the lab. */
  readonly classifier: string
  readonly logs: string
  readonly secrets: string
  readonly pods: string
}

/** `dir`, else `POSTERN_LAB_DIR`, else /run/postern-lab. Labs of other directories have names of their own beside it. */
export function layoutOf(dir: string = process.env.POSTERN_LAB_DIR || defaultLabDir): Layout {
  const root = resolve(dir)
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 6)
  return {
    dir: root,
    prefix: root === defaultLabDir ? 'postern' : `postern-${digest}`,
    manifest: join(root, 'manifest.json'),
    inventory: join(root, 'inventory.json'),
    tokens: join(root, 'tokens'),
    socket: labSocket(root),
    controlPlane: join(root, 'control-plane'),
    classifier: join(root, 'classifier'),
    logs: join(root, 'logs'),
    secrets: join(root, 'secrets'),
    pods: join(root, 'pods'),
  }
}

/** Name of the network namespace of a pod, of `node` or of `external`. */
export function namespaceOf(layout: Layout, pod: string): string {
  return `${layout.prefix}-${pod}`
}

/** Where `ip netns` keeps a namespace of this name. */
export function namespacePath(namespace: string): string {
  return `/run/netns/${namespace}`
}

/** The folders of one pod, as seen from outside. */
export function podPaths(layout: Layout, pod: string) {
  const root = join(layout.pods, pod)
  return {
    root,
    /** Files that lie over those of /etc: names, users. */
    etc: join(root, 'etc'),
    /** The app's: its home, data and configuration. */
    app: join(root, 'app'),
    /** The sidecar's: only its uid may enter. */
    envoy: join(root, 'envoy'),
  }
}

export function logPath(layout: Layout, name: string): string {
  return join(layout.logs, `${name}.log`)
}

/** What a process of a pod sees (`enter.sh` mounts it): the pod's folders, and binaries and sources it may run. */
export const inside = {
  home: '/mnt/app',
  envoy: '/mnt/envoy',
  image: '/mnt/image',
  apps: '/mnt/image/lab/apps',
  /** Of sidecars only. */
  classifier: '/mnt/classifier',
} as const

/** The repository this file is in. */
export const repository = resolve(import.meta.dirname, '..')

export const proxyUid = 14747

export const nodeName = 'postern-node'
export const addresses = {
  node: ['10.244.77.1', 'fd77:77::1'],
  /** The node's end of the link to the outside. */
  gateway: ['192.168.120.1', 'fd78::1'],
  podCidrs: ['10.244.77.0/24', 'fd77:77::/64'],
  loadBalancer: ['192.168.120.100', '192.168.120.101', 'fd78::100'],
  /** Servers of somebody else, for outbound rules by name. */
  partner: ['192.168.120.150', 'fd78::150'],
} as const

/** Names of the partner's servers. */
export const partnerNames = ['api.partner.test', 'files.partner.test'] as const

/** Host numbers of pods: 10.244.77.<n> and, with the same digits, fd77:77::<n>. */
export const hosts = { first: 10, last: 250 } as const

export function podAddresses(host: number): readonly [v4: string, v6: string] {
  return [`10.244.77.${host}`, `fd77:77::${host}`]
}

/** `serverName` is what its certificate says (xds-server/tls.ts), whatever address is dialled. */
export const controlPlaneAddress = {
  host: addresses.node[0],
  port: 15010,
  serverName: controlPlaneName,
} as const
