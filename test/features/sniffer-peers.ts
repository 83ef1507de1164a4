/** Servers that greet and clients that take their time, for the sniffer's tests. Only loopback. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What a client sends, `end` (half-closes), or waits for. */
export type Step = string | Uint8Array | 'end' | { readonly until: RegExp }

export type Talk = { readonly heard: string; readonly reset: boolean }

/** A server that says `greeting` (in one piece, or one piece after the other) and repeats whatever it hears after `echo:`. */
export async function greeter(port: number, ...greeting: readonly string[]): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => socket.write(`echo:${data.toString('latin1')}`, 'latin1'))
    socket.on('end', () => socket.end('bye'))
    void say(socket, greeting)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function say(socket: Socket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    socket.write(piece, 'latin1')
    // one segment each: the next goes out when the kernel has had the time to send this one
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Sends each step, then listens until the other side closes or says what is waited for. */
export async function talk(port: number, ...steps: readonly Step[]): Promise<Talk> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  let heard = ''
  let reset = false
  socket.on('data', (data) => {
    heard += data.toString('latin1')
  })
  socket.on('error', () => {
    reset = true
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()).once('end', () => resolve()))
  await once(socket, 'connect')
  for (const step of steps) {
    if (step === 'end') socket.end()
    else if (typeof step === 'object' && 'until' in step) await heardAs(socket, () => step.until.test(heard), closed)
    else await new Promise<void>((sent) => socket.write(step, () => sent()))
  }
  if (!steps.some((s) => typeof s === 'object' && 'until' in s)) await closed
  socket.destroy()
  return { heard, reset }
}

async function heardAs(socket: Socket, enough: () => boolean, closed: Promise<void>): Promise<void> {
  while (!enough()) {
    const ended = await Promise.race([once(socket, 'data').then(() => false), closed.then(() => true)])
    if (ended) return
  }
}
