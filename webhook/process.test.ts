/** The webhook as its chart runs it: files mounted as the kubelet does, HTTPS by a client that trusts one authority. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../test/support/eventually.ts'
import { createAuthority, issueServerCertificate, type KeyPair } from '../xds-server/envoy/certificates.ts'
import { type RunningWebhook, startWebhook } from './process.ts'
import { maxBodyBytes } from './server/admission.ts'
import { podOf } from './testdata/cases.ts'
import { aReview, uid } from './testdata/review.ts'
import { settings } from './testdata/settings.ts'

const log = pino({ level: 'silent' })
const name = 'postern-webhook.postern.svc'
const { ca: _, ...settingsFile } = settings
let folder: string
let authority: KeyPair
let serving: KeyPair
let webhook: RunningWebhook
let generation = 0

/** As the kubelet mounts a Secret or ConfigMap: the folder behind a link, which is renamed over. */
function mount(files: Readonly<Record<string, string>>): void {
  const data = `..${generation++}`
  mkdirSync(join(folder, data))
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, data, file), text)
  symlinkSync(data, join(folder, '..data_tmp'))
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  for (const file of Object.keys(files)) {
    if (!existsSync(inFolder(file))) symlinkSync(join('..data', file), inFolder(file))
  }
}
const inFolder = (file: string): string => join(folder, file)

function mountAll({ cert, key }: KeyPair, more: object = {}): void {
  const text = JSON.stringify({ ...settingsFile, ...more })
  mount({ 'tls.crt': cert, 'tls.key': key, 'settings.json': text, 'ca.crt': authority.cert })
}

const start = (more: { readonly drainMs?: number } = {}) =>
  startWebhook({
    listen: { host: '127.0.0.1', port: 0 },
    health: { host: '127.0.0.1', port: 0 },
    tlsCert: inFolder('tls.crt'),
    tlsKey: inFolder('tls.key'),
    settings: inFolder('settings.json'),
    ca: inFolder('ca.crt'),
    drainMs: 0,
    log,
    ...more,
  })

type Reply = { readonly status: number; readonly body: string; readonly serial: string; readonly connection?: string }
type Asking = { readonly path?: string; readonly method?: string; readonly agent?: Agent; readonly chunked?: boolean }

function ask(
  body: string,
  { path = '/inject?timeout=5s', method = 'POST', agent, chunked }: Asking = {},
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const options = { host: '127.0.0.1', port: webhook.port, path, method, ca: authority.cert, servername: name }
  const sent = request({ ...options, agent: agent ?? false }, async (response) => {
    const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate()
    let text = ''
    for await (const chunk of response) text += chunk
    const { connection } = response.headers
    resolve({ status: response.statusCode!, body: text, serial: serialNumber, ...(connection && { connection }) })
  })
  sent.on('error', reject)
  if (chunked) sent.write(body.slice(0, 1))
  sent.end(chunked ? body.slice(1) : body)
  return promise
}

function page(path: string): Promise<readonly [status: number, body: string]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly [number, string]>()
  get({ host: '127.0.0.1', port: webhook.healthPort, path, agent: false }, async (response) => {
    let text = ''
    for await (const chunk of response) text += chunk
    resolve([response.statusCode!, text])
  }).on('error', reject)
  return promise
}

const injected = aReview(podOf('bare'))
const imageOf = (reply: Reply): string => {
  const patch = JSON.parse(Buffer.from(JSON.parse(reply.body).response.patch, 'base64').toString())
  return JSON.stringify(patch).match(/"image":"(envoy[^"]*)"/)![1]!
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-webhook-'))
  authority = await createAuthority('test', new Date())
  serving = await issueServerCertificate(authority, [name], new Date())
  mountAll(serving)
  webhook = await start()
})
afterEach(async () => {
  await webhook.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a review is answered, by its path whatever the query', async () => {
  const { status, body } = await ask(injected)
  expect([status, JSON.parse(body)]).toEqual([
    200,
    {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid, allowed: true, patchType: 'JSONPatch', patch: expect.any(String) },
    },
  ])
  const [, metrics] = await page('/metrics')
  expect(metrics).toContain('postern_webhook_admissions_total{outcome="injected"} 1')
  expect(metrics).toContain('postern_webhook_admission_seconds_count 1')
})

test('everything else is an error, which the API server takes for a refusal', async () => {
  expect((await ask(injected, { path: '/' })).status).toBe(404)
  expect((await ask(injected, { path: '/inject/more' })).status).toBe(404)
  expect((await ask('', { method: 'GET' })).status).toBe(405)
  expect(await ask('{}')).toMatchObject({ status: 400, body: expect.stringContaining('request:') })
})

test.each([false, true])('a body without end is not read to its end (chunked: %s)', async (chunked) => {
  // the rest of the body may meet a connection that is closed already
  const reply = await ask(' '.repeat(maxBodyBytes + 1), { chunked }).catch((error: NodeJS.ErrnoException) => error.code)
  expect(typeof reply === 'string' ? [413, 'close'] : [reply?.status, reply?.connection]).toEqual([413, 'close'])
  expect((await ask(injected)).status).toBe(200)
})

test('a new certificate is shown without a restart; half a change is not', async () => {
  const first = await ask(injected)
  const next = await issueServerCertificate(authority, [name], new Date())
  mountAll({ cert: next.cert, key: serving.key })
  await eventually('the refusal', async () =>
    (await page('/metrics'))[1].includes('postern_webhook_reloads_total{what="certificate",result="refused"} 1'),
  )
  expect((await ask(injected)).serial).toBe(first.serial)
  mountAll(next)
  await eventually('the new one', async () => (await ask(injected)).serial !== first.serial)
})

test('reviews go on while the certificate changes, also on connections that stay open', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const statuses: number[] = []
  let done = false
  const load = async (kept?: Agent) => {
    while (!done) statuses.push((await ask(injected, kept && { agent: kept })).status)
  }
  const running = [load(agent), load(agent), load(), load()]
  const serials = new Set<string>()
  for (let i = 0; i < 5; i++) {
    const next = await issueServerCertificate(authority, [name], new Date())
    mountAll(next)
    await eventually('the next one', async () => {
      const { serial } = await ask(injected)
      return !serials.has(serial) && serials.add(serial)
    })
  }
  done = true
  await Promise.all(running)
  agent.destroy()
  expect(statuses.length).toBeGreaterThan(5)
  expect(statuses.filter((status) => status !== 200)).toEqual([])
})

test('new settings are taken without a restart; bad ones are refused and the last good ones stay', async () => {
  mountAll(serving, { proxyImage: 'envoy:2' })
  await eventually('the new image', async () => imageOf(await ask(injected)) === 'envoy:2')
  mountAll(serving, { proxyImage: 'Not An Image' })
  await eventually('the refusal', async () =>
    (await page('/metrics'))[1].includes('postern_webhook_reloads_total{what="settings",result="refused"} 1'),
  )
  expect(imageOf(await ask(injected))).toBe('envoy:2')
})

test('without good files it does not start', async () => {
  mountAll(serving, { proxyImages: 'envoy:2' })
  await expect(start()).rejects.toThrow('to start with')
})

test('asked to stop it says so first, and answers until it is gone', async () => {
  const second = webhook
  webhook = await start({ drainMs: 300 })
  expect(await page('/readyz')).toEqual([200, 'ok\n'])
  const closing = webhook.close()
  expect(await page('/readyz')).toEqual([503, 'stopping\n'])
  const agent = new Agent({ keepAlive: true })
  expect(await ask(injected, { agent })).toMatchObject({ status: 200, connection: 'close' })
  agent.destroy()
  await closing
  await expect(ask(injected)).rejects.toThrow('ECONNREFUSED')
  webhook = second
})

test('a certificate that has ended is a reason not to be ready', async () => {
  const old = new Date(Date.now() - 400 * 24 * 3600 * 1000)
  mountAll(await issueServerCertificate(authority, [name], old))
  await eventually('the end of it', async () => (await page('/readyz'))[0] === 503)
  expect(await page('/readyz')).toEqual([503, 'the certificate has expired\n'])
  expect(await page('/healthz')).toEqual([200, 'ok\n'])
})
