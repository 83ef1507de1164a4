/**
 * Two network namespaces with a cable between them: the pod, whose TCP is redirected to its sidecar by the script that
 * init containers run, and everybody else. Private addresses exist only in there.
 */
import { type ChildProcess, type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cable, inside, ip, removeLeftovers, removeNamespace } from '../../support/namespaces.ts'
import { kill } from '../../support/processes.ts'

const run = promisify(execFile)
const redirect = fileURLToPath(new URL('../../../webhook/init/redirect.sh', import.meta.url))

export const podAddress = '10.21.0.2'
export const podAddress6 = 'fd21::2'
/** Who connects from where; the world of a test says who that is. */
export const peers = {
  web: '10.21.0.101',
  other: '10.21.0.102',
  legacy: '10.21.0.103',
  far: '192.168.120.100',
} as const
export const peers6 = { web: 'fd21::101', other: 'fd21::102' } as const

export type Side = 'pod' | 'peers'
export type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string }

export type Network = {
  /** Runs a command to its end, whatever its exit code. */
  exec(side: Side, command: readonly string[]): Promise<Outcome>
  /** Ends with the network at the latest. */
  start(side: Side, command: readonly string[]): ChildProcessWithoutNullStreams
  remove(): Promise<void>
}

const within = (namespace: string, ...command: readonly string[]) => {
  const [file, ...args] = inside(namespace, ...command)
  return run(file!, args)
}

async function addresses(namespace: string, v4: readonly string[], v6: readonly string[]): Promise<void> {
  for (const address of v4) await ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0')
  for (const address of v6) await ip('-n', namespace, 'addr', 'add', `${address}/64`, 'dev', 'eth0', 'nodad')
}

/** Each other's outside addresses are one hop away. */
async function routes(pod: string, others: string): Promise<void> {
  await ip('-n', pod, 'route', 'add', 'default', 'via', peers.web)
  await ip('-n', others, 'route', 'add', 'default', 'via', podAddress)
}

const ours = /^ft-[a-z]+-(\d+)-(?:pod|peers)$/

/** @param name `ft-` and letters; made unique with the pid of the test's process */
export async function createNetwork(name: string): Promise<Network> {
  await removeLeftovers(ours)
  const unique = `${name}-${process.pid}`
  const namespaces: Readonly<Record<Side, string>> = { pod: `${unique}-pod`, peers: `${unique}-peers` }
  const children = new Set<ChildProcess>()
  const remove = async () => {
    await Promise.all([...children].map(kill))
    for (const namespace of Object.values(namespaces)) await removeNamespace(namespace).catch(() => undefined)
  }
  try {
    for (const namespace of Object.values(namespaces)) await ip('netns', 'add', namespace)
    await cable(namespaces.pod, namespaces.peers)
    await addresses(namespaces.pod, [podAddress], [podAddress6])
    await addresses(namespaces.peers, Object.values(peers), Object.values(peers6))
    await routes(namespaces.pod, namespaces.peers)
    await within(namespaces.pod, 'sh', redirect)
  } catch (error) {
    await remove()
    throw error
  }
  return {
    exec: (side, command) =>
      within(namespaces[side], ...command).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
      ),
    start(side, command) {
      const [file, ...args] = inside(namespaces[side], ...command)
      const child = spawn(file!, args)
      children.add(child)
      child.once('exit', () => children.delete(child))
      return child
    },
    remove,
  }
}
