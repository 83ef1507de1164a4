/** The folders and files of a pod, each owned by the uid that needs it and closed to the others. */
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { inside, type Layout, podAddresses, podPaths, proxyUid } from './layout.ts'
import type { Manifest } from './manifest.ts'
import type { App, PodView } from './pods/app.ts'
import { all } from './together.ts'

/** Whose folders they are: a pod's app, or the node's user. */
export type Resident = Pick<App, 'namespace' | 'uid' | 'user'>

/** What lies over /etc inside, an empty home, and a place for the sidecar. */
export async function makeFolders(layout: Layout, pod: string, resident: Resident, dns: string): Promise<void> {
  const paths = podPaths(layout, pod)
  await mkdir(paths.etc, { recursive: true, mode: 0o755 })
  await all([ownFolder(paths.app, resident.uid), ownFolder(paths.envoy, proxyUid)])
  const files = Object.entries(etcFiles(resident, dns))
  await all(files.map(([file, content]) => writeFile(join(paths.etc, file), content)))
}

/** The files an app's definition asks for. */
export async function writeAppFiles(layout: Layout, app: App, pod: string, view: PodView): Promise<void> {
  const files = Object.entries(app.files?.(view) ?? {})
  const home = podPaths(layout, pod).app
  await all(
    files.map(async ([path, { content, mode }]) => {
      const folder = dirname(join(home, path))
      if (folder !== home) await ownFolder(folder, app.uid)
      await ownFile(join(home, path), content, app.uid, mode)
    }),
  )
}

/** The resolver's address: coredns is the first app of the catalogue, so it is known before anything runs. */
export function resolverOf({ pods }: Pick<Manifest, 'pods'>): string {
  const host = pods.find(({ app }) => app === 'coredns')?.host
  return host === null || host === undefined ? '127.0.0.1' : podAddresses(host)[0]
}

/** A file only its owner reads. */
export async function ownFile(path: string, content: string, uid: number, mode = 0o600): Promise<void> {
  await writeFile(path, content, { mode })
  await chown(path, uid, uid)
}

async function ownFolder(path: string, uid: number): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chown(path, uid, uid)
}

/** A small system of its own: the app's user has a name here, which sshd, initdb and ssh ask for. */
function etcFiles({ namespace, uid, user }: Resident, dns: string): Readonly<Record<string, string>> {
  const users = [
    'root:x:0:0:root:/root:/bin/sh',
    `${user}:x:${uid}:${uid}::${inside.home}:/bin/bash`,
    `postern:x:${proxyUid}:${proxyUid}::/nonexistent:/usr/sbin/nologin`,
  ]
  const search = [...(namespace === '' ? [] : [`${namespace}.svc.cluster.local`]), 'svc.cluster.local', 'cluster.local']
  return {
    passwd: `${users.join('\n')}\n`,
    group: `root:x:0:\n${user}:x:${uid}:\npostern:x:${proxyUid}:\n`,
    hosts: '127.0.0.1 localhost\n::1 localhost\n',
    'resolv.conf': `nameserver ${dns}\nsearch ${search.join(' ')}\noptions ndots:5 timeout:2 attempts:2\n`,
  }
}
