/** The unix socket: its file mode (0600, owner only) is the authentication today. */
import { lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'

/** A request must be complete within this time; a stuck client holds nothing longer. */
const requestTimeoutMs = 30_000
/** Clients at once; a person and some scripts need a handful. Past it Node refuses the connection. */
const maxConnections = 256

/**
 * Serves on a unix socket with mode 0600, in a folder made with 0700 where it is missing. A socket file that a killed
 * process left behind is replaced; one that answers, and a file that is no socket, is an error.
 */
export async function listenOnSocket(listener: RequestListener, path: string): Promise<Server> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  await removeLeftover(path)
  const server = createServer({ requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs }, listener)
  server.maxConnections = maxConnections
  await bind(server, path)
  return server
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // The file is made inside listen(), with what the mask leaves: 0600 from its first moment.
    const mask = process.umask(0o177)
    server.listen(path, resolve)
    process.umask(mask)
  })
}

async function removeLeftover(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${path} is there and is no socket`)
  if (await answers(path)) throw new Error(`${path} is served by another process`)
  unlinkSync(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
