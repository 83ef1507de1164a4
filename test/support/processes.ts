import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'

export const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)

/** SIGKILL; resolves when it is gone, at once where it is gone already. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
