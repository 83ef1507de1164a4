/** Requests one after the other on connections that stay, by hand: a client that costs next to nothing. */
import { connect, type Socket } from 'node:net'

const request =
  'GET /some/path?with=query HTTP/1.1\r\nhost: app\r\nuser-agent: bench/1.0\r\naccept: */*\r\ncookie: session=0123456789abcdef\r\n\r\n'
export const answerBody = 'ok'

function one(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    const listener = (data: Buffer) => {
      text += data.toString('latin1')
      if (!text.endsWith(`\r\n\r\n${answerBody}`)) return
      socket.off('data', listener)
      socket.off('close', closed)
      if (text.startsWith('HTTP/1.1 200 ')) resolve()
      else reject(new Error(`answered ${text.slice(0, 200)}`))
    }
    const closed = () => reject(new Error(`closed after ${JSON.stringify(text.slice(0, 200))}`))
    socket.on('data', listener)
    socket.once('close', closed)
    socket.write(request)
  })
}

/** µs of each of `count` requests, on one connection. */
export async function latencies(port: number, count: number): Promise<readonly number[]> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const took: number[] = []
  for (let i = 0; i < count; i++) {
    const start = process.hrtime.bigint()
    await one(socket)
    took.push(Number(process.hrtime.bigint() - start) / 1_000)
  }
  socket.destroy()
  return took.slice(1) // the first one opens connections
}

/** `count` requests on each of so many connections. */
export async function hammer(port: number, count: number, connections: number): Promise<void> {
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      for (let i = 0; i < count; i++) await one(socket)
      socket.destroy()
    }),
  )
}
