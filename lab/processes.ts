/**
 * Processes by what the kernel says of them: a pid is only ever used together with its start time or with the network
 * namespace it is in, so that a number that was given to somebody else is never touched. Nothing here goes by name.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { until } from './until.ts'

/** A process of this boot. `startTime` is field 22 of /proc/<pid>/stat, in clock ticks since boot. */
export const processRef = z.object({ pid: z.int().positive(), startTime: z.string() })
export type ProcessRef = z.infer<typeof processRef>

/** Past it a killed process is stuck in the kernel, and we say so. */
const killTimeoutMs = 10_000

/** Undefined: no such process, or a zombie (ended, not yet reaped). */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the command's name is in parentheses and may hold any character
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

/** The process that has this pid now. */
export function processOf(pid: number): ProcessRef | undefined {
  const startTime = startTimeOf(pid)
  return startTime === undefined ? undefined : { pid, startTime }
}

export function isAlive(process: ProcessRef): boolean {
  return startTimeOf(process.pid) === process.startTime
}

/** Changes with every boot: pids and namespaces of another one mean nothing. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/** Processes whose network namespace has one of these inode numbers. */
export function processesIn(namespaceInodes: ReadonlySet<number>): readonly ProcessRef[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    const process = processOf(Number(pid))
    return process !== undefined && namespaceInodes.has(networkOf(process.pid)) ? [process] : []
  })
}

/** Inode number of the network namespace a process is in; -1 where it is gone. */
export function networkOf(pid: number): number {
  try {
    return statSync(`/proc/${pid}/ns/net`).ino
  } catch {
    return -1
  }
}

/** Sends the signal to each that is still the same process. */
export function signalAll(processes: readonly ProcessRef[], signal: NodeJS.Signals): void {
  for (const target of processes.filter(isAlive)) {
    try {
      process.kill(target.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** Until none of them is left. */
export async function ended(processes: readonly ProcessRef[], timeoutMs: number = killTimeoutMs): Promise<void> {
  const what = `the end of ${processes.length} processes`
  await until(() => !processes.some(isAlive), { what, timeoutMs })
}

/** Does a process of this namespace listen there? Read from its /proc, so without entering. */
export function isListening(pid: number, protocol: 'tcp' | 'udp', port: number): boolean {
  return [protocol, `${protocol}6`].some((table) => socketTable(pid, table).some((socket) => listens(socket, port)))
}

function socketTable(pid: number, table: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1)
  } catch {
    return []
  }
}

/** A line is `sl local_address rem_address st …`; TCP listens in state 0A, an unconnected UDP socket is in 07. */
function listens(line: string, port: number): boolean {
  const [, local = '', remote = '', state = ''] = line.trim().split(/\s+/)
  const at = Number.parseInt(local.split(':')[1] ?? '', 16)
  return at === port && remote.endsWith(':0000') && (state === '0A' || state === '07')
}
