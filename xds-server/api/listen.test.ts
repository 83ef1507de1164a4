import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask } from '../../test/support/over-socket.ts'
import { listenOnSocket } from './listen.ts'

let folder: string
const open: { close: () => unknown }[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-listen-'))
})
afterEach(() => {
  for (const server of open.splice(0)) server.close()
  rmSync(folder, { recursive: true })
})

const hello = (word: string) => (_: unknown, response: { end: (text: string) => void }) => response.end(word)

async function listen(word: string, path: string): Promise<Server> {
  const server = await listenOnSocket(hello(word), path)
  open.push(server)
  return server
}

const get = async (socketPath: string) => (await ask(socketPath, 'GET', '/')).body

test('the socket is its owner’s alone, and so is a folder made for it', async () => {
  const path = join(folder, 'run', 'api.sock')
  await listen('here', path)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'run')).mode & 0o777).toBe(0o700)
  expect(await get(path)).toBe('here')
})

test('what a killed process left behind is replaced', async () => {
  const path = join(folder, 'api.sock')
  await leaveBehind(path)
  expect(existsSync(path)).toBe(true)
  await listen('again', path)
  expect(await get(path)).toBe('again')
})

test('a socket that answers, and a file that is no socket, are left alone', async () => {
  const path = join(folder, 'api.sock')
  await listen('first', path)
  await expect(listen('second', path)).rejects.toThrow(`${path} is served by another process`)
  expect(await get(path)).toBe('first')
  writeFileSync(join(folder, 'notes'), 'mine')
  await expect(listen('third', join(folder, 'notes'))).rejects.toThrow('is there and is no socket')
})

/** A socket file whose server is gone without unlinking it, as after kill -9. */
function leaveBehind(path: string): Promise<void> {
  return new Promise((resolve) => {
    const server = createNetServer().listen(`${path}.old`, () => {
      renameSync(`${path}.old`, path)
      server.close(() => resolve())
    })
  })
}
