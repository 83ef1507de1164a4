import { createServer, type Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { LabError } from './error.ts'
import type { Layout } from './layout.ts'

/** Between two tries to get a lock that somebody else holds. */
const retryMs = 50

/**
 * Runs `work` as the only one that changes this lab on this machine. The lock is an abstract unix socket: the kernel
 * gives it back however its holder ends, and there is no file to leave behind.
 * @throws LabError `busy` when somebody else still has it after `waitMs`.
 */
export async function withLock<T>(layout: Layout, waitMs: number, work: () => Promise<T>): Promise<T> {
  const lock = await acquire(`\0postern-lab:${layout.dir}`, waitMs)
  try {
    return await work()
  } finally {
    lock.close()
  }
}

async function acquire(name: string, waitMs: number): Promise<Server> {
  const end = performance.now() + waitMs
  for (;;) {
    const server = await bind(name)
    if (server !== undefined) return server
    if (performance.now() >= end) throw new LabError('busy', 'another lab command is changing this lab: try again')
    await delay(retryMs)
  }
}

function bind(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen({ path: name }, () => resolve(server))
  })
}
