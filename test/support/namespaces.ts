/**
 * Network namespaces of tests. Their names carry the pid of the process that made them, so that what a killed one left
 * can be told from what is in use.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isAlive } from './processes.ts'

const run = promisify(execFile)

/** iproute2 */
export const ip = (...args: readonly string[]) => run('ip', args)

/** The command line that runs this one in a namespace. */
export const inside = (namespace: string, ...command: readonly string[]) => [
  'ip',
  'netns',
  'exec',
  namespace,
  ...command,
]

/** Both get an `eth0`, and are one hop from each other. */
export async function cable(one: string, other: string): Promise<void> {
  await ip('link', 'add', 'eth0', 'netns', one, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', other)
  for (const namespace of [one, other]) {
    for (const device of ['lo', 'eth0']) await ip('-n', namespace, 'link', 'set', device, 'up')
  }
}

/** What is in a namespace ends with it. */
export async function removeNamespace(namespace: string): Promise<void> {
  const { stdout } = await ip('netns', 'pids', namespace)
  for (const pid of stdout.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // it ended by itself
    }
  }
  await ip('netns', 'del', namespace)
}

/** @param pattern of names; its first group is the pid of who made it */
export async function removeLeftovers(pattern: RegExp): Promise<void> {
  const { stdout } = await ip('netns', 'list')
  for (const name of stdout.split('\n').map((line) => line.split(' ')[0]!)) {
    const maker = pattern.exec(name)?.[1]
    if (maker !== undefined && !isAlive(Number(maker))) await removeNamespace(name)
  }
}
