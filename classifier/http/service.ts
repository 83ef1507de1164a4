/** The front as a process has it: listening under a name that its successor can take over, until it is told to stop. */
import { once } from 'node:events'
import { renameSync, rmSync, symlinkSync } from 'node:fs'
import type { ListenOptions } from 'node:net'
import { basename } from 'node:path'
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
  const socket = address.kind === 'unix' ? `${address.path}.${process.pid}.${Date.now().toString(36)}` : undefined
  http2.server.listen(listenOptions(address, socket))
  await once(http2.server, 'listening')
  if (address.kind === 'unix') takeName(socket!, address.path)
  const bound = http2.server.address()
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    close: async (graceMs) => {
      const cut = setTimeout(() => http2.cut(), graceMs)
      await http2.drain()
      clearTimeout(cut)
      if (socket !== undefined) rmSync(socket, { force: true })
    },
  }
}

function listenOptions(address: Address, socket: string | undefined): ListenOptions {
  return address.kind === 'tls' ? { host: address.host, port: address.port } : { path: socket! }
}

/** The name becomes a link to the socket in one step: a client finds the old one or the new one, never nothing. */
function takeName(socket: string, name: string): void {
  const link = `${socket}.link`
  symlinkSync(basename(socket), link)
  renameSync(link, name)
}
