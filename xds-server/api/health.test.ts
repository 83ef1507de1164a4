import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Counter, Registry } from 'prom-client'
import { afterEach, expect, test } from 'vitest'
import { type HealthCheck, health } from './health.ts'

let server: Server | undefined
afterEach(() => server?.close())

async function get(checks: readonly HealthCheck[], path: string) {
  const registry = new Registry()
  new Counter({ name: 'postern_seen_total', help: 'Seen.', registers: [registry] }).inc(3)
  const app = express().use(health({ registry, checks: () => checks }))
  server = createServer(app).listen(0, '127.0.0.1')
  await new Promise((resolve) => server!.once('listening', resolve))
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
  return { status: answer.status, body: await answer.text() }
}

const well: HealthCheck = { name: 'store', ok: true, detail: 'revision 7' }
const ill: HealthCheck = { name: 'xds', ok: false, detail: 'port 15010 is taken' }

test('a live process says so, whatever its checks say', async () => {
  expect(await get([ill], '/healthz')).toEqual({ status: 200, body: 'ok\n' })
})

test('ready only when every check is, and each is named', async () => {
  expect(await get([well], '/readyz')).toEqual({ status: 200, body: '[+] store: revision 7\n' })
  expect(await get([well, ill], '/readyz')).toEqual({
    status: 503,
    body: '[+] store: revision 7\n[-] xds: port 15010 is taken\n',
  })
})

test('metrics are what the registry holds', async () => {
  expect(await get([], '/metrics')).toEqual({
    status: 200,
    body: '# HELP postern_seen_total Seen.\n# TYPE postern_seen_total counter\npostern_seen_total 3\n',
  })
})
