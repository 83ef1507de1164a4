/**
 * The network: the node's namespace with its bridge, one namespace a pod, and the outside behind the node.
 *
 * Promises: every interface is made inside a namespace of the lab, so that the machine's own network never has one of
 * its addresses, routes or bridges; a namespace is in the manifest before it is made. Never touches a namespace that
 * this lab did not make.
 */
import { existsSync, statSync } from 'node:fs'
import { inNetworkOf } from './enter.ts'
import { LabError } from './error.ts'
import { addresses, hosts, type Layout, namespaceOf, namespacePath, podAddresses } from './layout.ts'
import { changeManifest, type Manifest, type Pod } from './manifest.ts'
import { mustRun } from './run.ts'
import { all } from './together.ts'

const v6Bits = 64
const v4Bits = 24

/** Makes empty namespaces, each noted first. @throws LabError `foreign` when one of that name is there. */
export async function makeNamespaces(layout: Layout, pods: readonly string[], signal: AbortSignal): Promise<void> {
  const names = pods.map((pod) => namespaceOf(layout, pod))
  const taken = names.filter((name) => existsSync(namespacePath(name)))
  if (taken.length > 0) {
    throw new LabError('foreign', `there are network namespaces this lab did not make: ${taken.join(', ')}`)
  }
  changeManifest(layout, ({ namespaces }) => ({
    namespaces: [...namespaces, ...names.map((name) => ({ name, inode: null }))],
  }))
  await batch(
    [],
    names.map((name) => `netns add ${name}`),
    signal,
  )
  changeManifest(layout, ({ namespaces }) => ({
    namespaces: namespaces.map(({ name, inode }) => ({ name, inode: inode ?? inodeOf(name) ?? null })),
  }))
}

/** Number by which the kernel knows the namespace; undefined where there is none of this name. */
export function inodeOf(namespace: string): number | undefined {
  return statSync(namespacePath(namespace), { throwIfNoEntry: false })?.ino
}

/** The node: its bridge, and forwarding between the pods and the outside. */
export async function setUpNode(layout: Layout, signal: AbortSignal): Promise<void> {
  const lines = [
    'ip link set lo up',
    'ip link add br0 type bridge forward_delay 0 mcast_snooping 0',
    ...giveAddresses('br0', addresses.node),
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding',
  ]
  await shell(layout, 'node', lines, signal)
}

/** The outside, routed through the node. */
export async function connectOutside(layout: Layout, signal: AbortSignal): Promise<void> {
  const outside = namespaceOf(layout, 'external')
  const link = `ip link add outside type veth peer name eth0 netns ${outside}`
  await shell(layout, 'node', [link, ...giveAddresses('outside', addresses.gateway)], signal)
  const inside = [...hostSetUp([...addresses.loadBalancer, ...addresses.partner]), ...defaultRoutes(addresses.gateway)]
  await shell(layout, 'external', inside, signal)
}

/** Wires pods to the node's bridge; what is outside the pod network is left out. */
export async function connectPods(layout: Layout, pods: readonly Pod[], signal: AbortSignal): Promise<void> {
  const node = namespaceOf(layout, 'node')
  const wired = pods.flatMap(({ name, host }) => (host === null ? [] : [{ name, host }]))
  const links = wired.map(({ name, host }) => {
    return `link add v${host} netns ${node} type veth peer name eth0 netns ${namespaceOf(layout, name)}`
  })
  await batch([], links, signal)
  await batch(
    ['-n', node],
    wired.map(({ host }) => `link set v${host} master br0 up`),
    signal,
  )
  await all(
    wired.map(({ name, host }) => {
      return shell(layout, name, [...hostSetUp(podAddresses(host)), ...defaultRoutes(addresses.node)], signal)
    }),
  )
}

/** Takes the namespaces away that are the ones we made; a name that leads elsewhere by now is not ours. */
export async function removeNamespaces(namespaces: Manifest['namespaces']): Promise<void> {
  const signal = new AbortController().signal
  const ours = namespaces.filter(isOurs)
  await batch(
    [],
    ours.map(({ name }) => `netns del ${name}`),
    signal,
  )
}

/** One without a number was noted under the lock when there was none of this name: whatever is there now, we made. */
export function isOurs({ name, inode }: Manifest['namespaces'][number]): boolean {
  const now = inodeOf(name)
  return now !== undefined && (inode === null || inode === now)
}

/** The next `count` free host numbers, going round: an address just given back is given out last. */
export function takeHosts(
  manifest: Manifest,
  count: number,
): { readonly taken: readonly number[]; readonly next: number } {
  const used = new Set(manifest.pods.map(({ host }) => host))
  const size = hosts.last - hosts.first + 1
  const inOrder = Array.from({ length: size }, (_, at) => hosts.first + ((manifest.nextHost - hosts.first + at) % size))
  const taken = inOrder.filter((number) => !used.has(number)).slice(0, count)
  if (taken.length < count) throw new LabError('bad-argument', `the pod network has ${taken.length} addresses left`)
  const last = taken.at(-1)
  return { taken, next: last === undefined ? manifest.nextHost : last === hosts.last ? hosts.first : last + 1 }
}

/** An app may bind ports below 1024 without a capability, as under containerd. */
function hostSetUp(ips: readonly string[]): readonly string[] {
  return ['ip link set lo up', 'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start', ...giveAddresses('eth0', ips)]
}

/** Without duplicate address detection, which would keep a v6 address unusable for a second. */
function giveAddresses(device: string, ips: readonly string[]): readonly string[] {
  return [
    ...ips.map((ip) => {
      return ip.includes(':')
        ? `ip -6 addr add ${ip}/${v6Bits} dev ${device} nodad`
        : `ip addr add ${ip}/${v4Bits} dev ${device}`
    }),
    `ip link set ${device} up`,
  ]
}

function defaultRoutes([v4, v6]: readonly [string, string]): readonly string[] {
  return [`ip route add default via ${v4}`, `ip -6 route add default via ${v6}`]
}

async function batch(options: readonly string[], lines: readonly string[], signal: AbortSignal): Promise<void> {
  if (lines.length > 0) await mustRun(['ip', ...options, '-batch', '-'], { input: `${lines.join('\n')}\n`, signal })
}

async function shell(layout: Layout, pod: string, lines: readonly string[], signal: AbortSignal): Promise<void> {
  await mustRun(inNetworkOf(layout, pod, ['sh', '-euc', lines.join('\n')]), { signal })
}
