import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient, Unreachable } from './client.ts'

let folder: string
let server: Server | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-client-'))
})
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  rmSync(folder, { recursive: true })
})

type Asked = { readonly method: string | undefined; readonly url: string | undefined; readonly headers: unknown }

/** Something that answers every request like this. */
async function answering(answer: (response: ServerResponse) => void) {
  const asked: Asked[] = []
  const socket = join(folder, 'api.sock')
  server = createServer(({ method, url, headers }, response) => {
    asked.push({ method, url, headers: { author: headers['postern-author'], match: headers['if-match'] } })
    answer(response)
  }).listen(socket)
  await new Promise((resolve) => server!.once('listening', resolve))
  return { client: createClient(socket, 'ann'), asked }
}

test('names and values are encoded, and the author is told', async () => {
  const { client, asked } = await answering((response) => response.setHeader('etag', '"4"').end('{"name":"a/b"}'))
  const ask = { params: { name: 'a/b ü' }, ifMatch: '"3"' }
  expect(await client.call('deleteGroup', ask)).toEqual({ value: { name: 'a/b' }, etag: '"4"' })
  expect(asked).toEqual([
    { method: 'DELETE', url: '/api/v1/groups/a%2Fb%20%C3%BC', headers: { author: 'ann', match: '"3"' } },
  ])
})

test('an answer of another version is an error in words', async () => {
  const { client } = await answering((response) => response.end('{"settings":{"mode":"off"}}'))
  await expect(client.call('readSettings', {})).rejects.toThrow(/not understood \(another version\?\)/)
})

test('what is not the API says so', async () => {
  const { client } = await answering((response) => response.writeHead(502).end('<html>'))
  await expect(client.call('readSettings', {})).rejects.toThrow('What answers is not the API (status 502).')
})

test('an answer that breaks off is nobody’s', async () => {
  const { client } = await answering((response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy())
  })
  await expect(client.call('readSettings', {})).rejects.toThrow(new Unreachable('The answer broke off: aborted.'))
})
