/**
 * Network namespaces for benches: a hub with the load generators, and places that are each one cable away from it.
 * Private addresses exist only in there. Whatever runs in them ends with us, and a killed run's are swept by the next.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { ip, removeLeftovers, removeNamespace } from '../../support/namespaces.ts'
import { kill } from '../../support/processes.ts'

const run = promisify(execFile)
const prefix = 'pbench-'
/** Of a load generator's report. */
const maxOutputBytes = 4 * 1024 * 1024

export type Places = AsyncDisposable & {
  /** As the hub sees a place, and as the place sees the hub. */
  readonly addressOf: (place: string) => string
  readonly hubFor: (place: string) => string
  /** Runs a command to its end and gives its output. */
  exec(place: string, argv: readonly string[]): Promise<string>
  /** Ends with us at the latest; its output is dropped, what it complains about is ours to show. */
  start(place: string, argv: readonly string[], options?: StartOptions): ChildProcess
  /** Process ids of what was started and runs. */
  running(): readonly number[]
  /** The beginning of a command line that runs the rest in a place. */
  into(place: string, core?: Core): readonly string[]
}

/**
 * Proxies have a core for themselves and everybody else the others: a scheduler that moves three busy processes between
 * two cores makes more difference than what is compared.
 */
type Core = 'proxy' | 'others'
type StartOptions = { readonly uid?: number; readonly core?: Core }

export const hub = 'hub'

const last = availableParallelism() - 1
const cores: Readonly<Record<Core, string>> = { proxy: `${last}`, others: last === 0 ? '0' : `0-${last - 1}` }

const namespaceOf = (place: string): string => `${prefix}${process.pid}-${place}`

/** @param number tells its addresses from those of other places; from 1 */
async function addPlace(place: string, number: number): Promise<void> {
  const [inside, outside] = [namespaceOf(place), namespaceOf(hub)]
  await ip('netns', 'add', inside)
  await ip('link', 'add', 'eth0', 'netns', inside, 'type', 'veth', 'peer', 'name', `to${number}`, 'netns', outside)
  await ip('-n', inside, 'addr', 'add', `10.22.${number}.2/24`, 'dev', 'eth0')
  await ip('-n', outside, 'addr', 'add', `10.22.${number}.1/24`, 'dev', `to${number}`)
  await ip('-n', outside, 'link', 'set', `to${number}`, 'up')
  for (const device of ['lo', 'eth0']) await ip('-n', inside, 'link', 'set', device, 'up')
  await reusePorts(inside)
}

/** Loads that connect anew for each request are through with the ports in seconds; they wait for a minute otherwise. */
async function reusePorts(namespace: string): Promise<void> {
  const settings = ['net.ipv4.tcp_tw_reuse=1', 'net.ipv4.ip_local_port_range=16384 65535']
  await ip('netns', 'exec', namespace, 'sysctl', '--quiet', '--write', ...settings)
}

export async function makePlaces(names: readonly string[], signal: AbortSignal): Promise<Places> {
  const children = new Set<ChildProcess>()
  const into = (place: string, core: Core = 'others') => [
    ...['taskset', '--cpu-list', cores[core]],
    ...['ip', 'netns', 'exec', namespaceOf(place)],
  ]
  const remove = async () => {
    await Promise.all([...children].map(kill))
    const ours = readdirSync('/run/netns').filter((name) => name.startsWith(`${prefix}${process.pid}-`))
    for (const name of ours) await removeNamespace(name)
  }
  try {
    await removeLeftovers(new RegExp(`^${prefix}(\\d+)-`))
    await ip('netns', 'add', namespaceOf(hub))
    await ip('-n', namespaceOf(hub), 'link', 'set', 'lo', 'up')
    await reusePorts(namespaceOf(hub))
    for (const [i, name] of names.entries()) await addPlace(name, i + 1)
  } catch (error) {
    await remove()
    throw error
  }
  return {
    addressOf: (place) => `10.22.${names.indexOf(place) + 1}.2`,
    hubFor: (place) => `10.22.${names.indexOf(place) + 1}.1`,
    into,
    running: () => [...children].flatMap(({ pid }) => pid ?? []),
    async exec(place, argv) {
      const [file, ...args] = [...into(place), 'setpriv', '--pdeathsig', 'KILL', ...argv]
      return (await run(file!, args, { signal, maxBuffer: maxOutputBytes })).stdout
    },
    start(place, argv, { uid = 0, core = 'others' } = {}) {
      const asUser = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
      const dyingWithUs = ['setpriv', '--pdeathsig', 'KILL']
      const [file, ...args] = [...into(place, core), ...asUser, ...dyingWithUs, ...argv]
      const child = spawn(file!, args, { stdio: ['ignore', 'ignore', 'inherit'] })
      children.add(child)
      child.once('exit', () => children.delete(child))
      return child
    },
    [Symbol.asyncDispose]: remove,
  }
}
