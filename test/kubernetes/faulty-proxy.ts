/** A network between a client and a server on loopback, bad in ways a test chooses. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export type FaultyProxy = {
  readonly port: number
  /** Connections there were so far. */
  readonly connections: number
  /** Resets every connection, and those to come until `mend`. */
  cut(): void
  mend(): void
  /** The connections that are open now carry nothing more, and nobody is told; new ones are well. */
  freeze(): void
  /** Each connection to come is reset, or one byte of it altered, once the server sent so much. Undefined: none is. */
  limit(fault: { readonly kind: 'reset' | 'corrupt'; readonly afterBytes: () => number } | undefined): void
  /** What the server says comes so much later. */
  delay(ms: number): void
  close(): Promise<void>
}

export async function faultyProxy(target: number): Promise<FaultyProxy> {
  const open = new Set<Socket>()
  let [isCut, delayMs, connections] = [false, 0, 0]
  let fault: Parameters<FaultyProxy['limit']>[0]

  const server = createServer((client) => {
    connections++
    if (isCut) return void client.resetAndDestroy()
    join(client, connect(target, '127.0.0.1'))
  })
  function join(client: Socket, upstream: Socket): void {
    const mine = fault
    let left = mine?.afterBytes() ?? Number.POSITIVE_INFINITY
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    const pass = (chunk: Buffer) => {
      const fails = chunk.length >= left
      left = fails ? Number.POSITIVE_INFINITY : left - chunk.length
      if (fails && mine?.kind === 'reset') return void client.resetAndDestroy()
      if (fails) chunk[chunk.length - 1] = chunk.at(-1)! ^ 0xff
      client.write(chunk)
    }
    client.pipe(upstream)
    upstream.on('data', (chunk) => (delayMs > 0 ? setTimeout(pass, delayMs, chunk) : pass(chunk)))
  }
  const reset = () => {
    for (const socket of open) socket.resetAndDestroy()
  }

  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as { port: number }).port,
    get connections() {
      return connections
    },
    cut() {
      isCut = true
      reset()
    },
    mend() {
      isCut = false
    },
    freeze() {
      for (const socket of open) socket.pause()
    },
    limit(next) {
      fault = next
    },
    delay(ms) {
      delayMs = ms
    },
    async close() {
      reset()
      await once(server.close(), 'close')
    },
  }
}
