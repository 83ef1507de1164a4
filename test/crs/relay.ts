/** `relay.ts SOCKET HOST PORT`: a unix socket that leads to a TCP port, for who is not in its network namespace. */
import { connect, createServer } from 'node:net'

const [path, host, port] = process.argv.slice(2)

createServer({ allowHalfOpen: true }, (near) => {
  const far = connect({ host: host!, port: Number(port), allowHalfOpen: true })
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.pipe(other)
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
}).listen(path)
