import { join } from 'node:path'
import { inside, type Layout, namespaceOf, namespacePath, repository } from './layout.ts'

export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * The command line that runs `argv` as a process of a pod: in its network, with its names, users and host name, seeing
 * of the lab only its own pod. Every step execs the next, so the process started is the process that runs.
 */
export function enter(
  layout: Layout,
  pod: string,
  process_: { readonly uid: number; readonly argv: readonly string[]; readonly envoy?: string },
): readonly string[] {
  return [
    'nsenter',
    `--net=${namespacePath(namespaceOf(layout, pod))}`,
    'unshare',
    '--mount',
    // slave: a namespace that `ip netns` takes away outside is not kept alive by our copy of its mount
    '--propagation=slave',
    '--ipc',
    '--uts',
    'sh',
    join(repository, 'lab', 'enter.sh'),
    layout.dir,
    pod,
    String(process_.uid),
    process.execPath,
    process_.envoy ?? '',
    repository,
    ...process_.argv,
  ]
}

/** The whole environment of a process of a pod: nothing of ours gets in. */
export function podEnvironment(pod: string): Readonly<Record<string, string>> {
  return {
    PATH: `${inside.image}:${systemPath}`,
    HOME: inside.home,
    HOSTNAME: pod,
    LANG: 'C.UTF-8',
  }
}

/** As `enter`, but only into the network namespace, for what sets the pod up from outside. */
export function inNetworkOf(layout: Layout, pod: string, argv: readonly string[]): readonly string[] {
  return ['nsenter', `--net=${namespacePath(namespaceOf(layout, pod))}`, ...argv]
}

/**
 * A process of the lab's own beside the node. It needs nothing of root but to read this repository wherever it is, so
 * it keeps that one capability; it stays uid 0 because the state directory is root's.
 */
export function besideNode(layout: Layout, argv: readonly string[]): readonly string[] {
  const confined = ['setpriv', '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all,+dac_read_search', ...argv]
  return inNetworkOf(layout, 'node', confined)
}

/** For the lab's own processes: of ours only what says where things are. */
export function ownEnvironment(): Readonly<Record<string, string>> {
  const { HOME = '/root' } = process.env
  return { PATH: systemPath, HOME, LANG: 'C.UTF-8' }
}
