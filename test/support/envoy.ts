/**
 * The Envoy that tests run on this machine's loopback, with a configuration of theirs. Its admin interface is on a unix
 * socket; it ends with `stop`, its folder too.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { ask } from './over-socket.ts'
import { kill } from './processes.ts'

/** Of what it said before it ended. */
const maxLines = 20

export const envoyBinary = (): string =>
  execFileSync('bash', [join(import.meta.dirname, '../../scripts/envoy.sh')], { encoding: 'utf8' }).trim()

/** Text of an admin page. */
export const adminPage = async (socket: string, path: string): Promise<string> => (await ask(socket, 'GET', path)).body

export type EnvoyProcess = {
  readonly pid: number
  /** What it writes to standard output: access logs. */
  readonly lines: Interface
  admin(path: string): Promise<string>
  /** Counters and gauges whose name matches. */
  stats(filter: RegExp): Promise<Readonly<Record<string, number>>>
  stop(): Promise<void>
}

/** Starts it; resolves when its main thread runs, which is before it has anything from a control plane. */
export async function startEnvoy(configuration: object, ...args: readonly string[]): Promise<EnvoyProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-envoy-'))
  const [file, socket] = [join(folder, 'envoy.json'), join(folder, 'admin.sock')]
  writeFileSync(file, JSON.stringify({ ...configuration, admin: { address: { pipe: { path: socket } } } }))
  const child = spawn(envoyBinary(), ['-c', file, '--disable-hot-restart', '--concurrency', '1', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  const running = new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`Envoy ended:\n${said.join('\n')}`)))
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.push(line) > maxLines) said.shift()
      if (line.includes('starting main dispatch loop')) resolve()
    })
  })
  const stop = async () => {
    await kill(child)
    rmSync(folder, { recursive: true, force: true })
  }
  const lines = createInterface({ input: child.stdout })
  await running.catch(async (error) => {
    await stop()
    throw error
  })
  const admin = (path: string) => adminPage(socket, path)
  return { pid: child.pid!, lines, admin, stop, stats: async (filter) => statsIn(await admin('/stats'), filter) }
}

function statsIn(page: string, filter: RegExp): Readonly<Record<string, number>> {
  const pairs = page.split('\n').map((line) => line.split(': '))
  return Object.fromEntries(pairs.filter(([name]) => filter.test(name!)).map(([name, value]) => [name, Number(value)]))
}
