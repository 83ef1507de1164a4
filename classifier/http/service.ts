/** The front as a process has it: listening under a name that its successor can take over, until it is told to stop. */
import { once } from 'node:events'
import { readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import type { ListenOptions } from 'node:net'
import { basename, dirname, join } from 'node:path'
import type { TlsOptions } from 'node:tls'
import { createFront, type FrontOptions } from './front.ts'
import { createHttp2Server } from './http2/server.ts'

/** A unix socket under a fixed name, or TLS. */
export type Address =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tls'; readonly host: string; readonly port: number; readonly tls: TlsOptions }

export type Service = {
  /** Port of a TLS address, 0 for a unix socket. */
  readonly port: number
  /**
   * Lets everybody know, finishes what is under way, then closes; what is left after `graceMs` is cut. Start the
   * successor first: it takes the name, and nothing is refused in between.
   */
  close(graceMs: number): Promise<void>
}

export async function startService(address: Address, options: FrontOptions): Promise<Service> {
  const http2 = createHttp2Server(createFront(options), address.kind === 'tls' ? address.tls : undefined)
  const socket = address.kind === 'unix' ? socketFor(address.path) : ''
  http2.server.listen(listenOptions(address, socket))
  await once(http2.server, 'listening')
  if (address.kind === 'unix') takeName(socket, address.path)
  const bound = http2.server.address()
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    close: async (graceMs) => {
      const cut = setTimeout(() => http2.cut(), graceMs)
      await http2.drain()
      clearTimeout(cut)
      if (address.kind === 'unix') leaveName(socket, address.path)
    },
  }
}

function listenOptions(address: Address, socket: string): ListenOptions {
  return address.kind === 'tls' ? { host: address.host, port: address.port } : { path: socket }
}

let services = 0
/** One for each service of each process: a successor listens while its predecessor does. */
const socketFor = (name: string): string => `${name}.${process.pid}.${++services}`

/** The name becomes a link to the socket in one step: a client finds the old one or the new one, never nothing. */
function takeName(socket: string, name: string): void {
  const before = targetOf(name)
  const link = `${socket}.link`
  symlinkSync(basename(socket), link)
  renameSync(link, name)
  if (before !== undefined && !isServed(before)) rmSync(join(dirname(name), before), { force: true })
}

/** A successor that has taken the name keeps it. */
function leaveName(socket: string, name: string): void {
  if (targetOf(name) === basename(socket)) rmSync(name)
  rmSync(socket, { force: true }) // Node has removed it, but for one whose process was killed and whose number we have
}

function targetOf(name: string): string | undefined {
  try {
    return readlinkSync(name)
  } catch {
    return undefined // nobody was here, or something that is no link, which goes
  }
}

/** Whether the process that made a socket is there: a killed one leaves its socket behind. */
function isServed(socket: string): boolean {
  const pid = Number(/\.(\d+)\.\d+$/.exec(socket)?.[1])
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
