/** The whole control plane in this process (and once in one of its own), on loopback, with everything real but Envoys. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough, type Readable } from 'node:stream'
import { connect } from 'node:tls'
import pino from 'pino'
import { afterEach, expect, test } from 'vitest'
import { createClient } from '../cli/client.ts'
import { aWorkload, aWorld } from '../test/support/builders.ts'
import { startTinyClassifier } from '../test/support/ext-proc.ts'
import { connectEnvoy } from '../test/support/xds/grpc-client.ts'
import { controlPlaneName } from './compile/names.ts'
import { type ControlPlaneOptions, start } from './control-plane.ts'
import { tokenLine } from './envoy/verifier.ts'
import { probeProfile } from './policy/profiles.ts'

const port = { sidecars: 25_110, metrics: 25_111 }
const loopback = '127.0.0.1'
const token = 'a-token-of-web'
const { inventory } = aWorld({ workloads: [aWorkload('web', { ips: ['10.42.0.1'] })] })
const good = JSON.stringify(inventory)

const open: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** What is logged, line by line: `next` waits for the next line that says this. */
function aLog(output: Readable) {
  const lines: string[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: output }).on('line', (line) => {
    lines.push(line)
    for (const check of waiting) check()
  })
  return async (message: string): Promise<string> => {
    for (;;) {
      const at = lines.findIndex((line) => line.includes(message))
      if (at >= 0) return lines.splice(0, at + 1).at(-1)!
      await new Promise<void>((resolve) => {
        waiting.add(resolve)
      })
      waiting.clear()
    }
  }
}

/** A folder with all that a control plane needs, but for an inventory. */
function aPlace() {
  const folder = mkdtempSync(join(tmpdir(), 'postern-plane-'))
  open.push(() => rmSync(folder, { recursive: true, force: true }))
  const at = (name: string) => join(folder, name)
  writeFileSync(at('tokens'), `${tokenLine('web', token)}\n`)
  const options = {
    data: at('data'),
    inventory: at('inventory.json'),
    tokens: at('tokens'),
    socket: at('api.sock'),
    listen: { host: loopback, port: port.sidecars },
    metrics: { host: loopback, port: port.metrics },
  }
  const it = {
    options,
    /** As the lab does: whole, by a rename. */
    inventory(text: string) {
      writeFileSync(at('inventory.new'), text)
      renameSync(at('inventory.new'), options.inventory)
    },
    begin(more: Partial<ControlPlaneOptions> = {}) {
      const output = new PassThrough()
      const running = start({ ...options, ...more, log: pino({ level: 'debug' }, output) })
      const logged = aLog(output)
      // one that a failed test left waiting can only be closed once it has started
      open.push(async () => {
        it.inventory(good)
        await running.then(
          (plane) => plane.close(),
          () => undefined,
        )
      })
      return { running, logged }
    },
    ca: () => readFileSync(join(options.data, 'ca.crt'), 'utf8'),
    client: () => createClient(options.socket, 'test'),
  }
  return it
}

async function page(path: string): Promise<{ status: number; lines: readonly string[] }> {
  const answer = await fetch(`http://${loopback}:${port.metrics}${path}`)
  return { status: answer.status, lines: (await answer.text()).trimEnd().split('\n') }
}

/** Undefined: nobody listens. */
async function serverNameAt(ca: string): Promise<string | undefined> {
  const socket = connect({
    host: loopback,
    port: port.sidecars,
    ca,
    servername: controlPlaneName,
    ALPNProtocols: ['h2'],
  })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().subjectaltname
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined
    throw error
  } finally {
    socket.destroy()
  }
}

/** The sidecar of `web`, once it has its configuration. */
async function aSidecar(ca: string): Promise<void> {
  const address = `${loopback}:${port.sidecars}`
  const sidecar = connectEnvoy({ address, ca, serverName: controlPlaneName, token, id: 'web' })
  open.push(() => sidecar.close())
  sidecar.envoy.start([])
  await sidecar.until((envoy) => envoy.held.listener.size > 0)
}

const ready = [
  '[+] store: open',
  '[+] history: recording',
  '[+] inventory: read',
  '[+] world: 1 classes',
  '[+] xds: listening',
]

test('sidecars find a closed door until there is an inventory to answer from; people are answered before', async () => {
  const it = aPlace()
  const { running, logged } = it.begin()
  await logged('inventory refused')
  expect(await page('/healthz')).toEqual({ status: 200, lines: ['ok'] })
  const { status, lines } = await page('/readyz')
  expect([status, lines[0], lines[3], lines[4]]).toEqual([
    503,
    '[+] store: open',
    '[-] world: waiting for the inventory',
    '[-] xds: not listening yet',
  ])
  expect(lines[2]).toMatch(/^\[-\] inventory: .*ENOENT.*inventory\.json/)
  const { value } = await it.client().call('readSettings', {})
  expect(value.settings.mode).toBeNull()
  // nothing known is not nothing to do: a classifier keeps what it has
  await expect(it.client().call('readInspectionSet', {})).rejects.toThrow('not compiled yet')
  expect(await serverNameAt(it.ca())).toBeUndefined()

  it.inventory('{')
  await logged('inventory refused')
  it.inventory(good)
  await running
  expect(await page('/readyz')).toEqual({ status: 200, lines: ready })
  expect(await serverNameAt(it.ca())).toBe(`DNS:${controlPlaneName}`)
})

test('a classifier is told what sidecars will ask before they do; that it went away and came back is told, too', async () => {
  const it = aPlace()
  it.inventory(good)
  const path = join(it.options.data, '..', 'classifier.sock')
  const aClassifier = async () => {
    const classifier = await startTinyClassifier(path)
    open.push(() => classifier.stop())
    classifier.profiles = [probeProfile]
    return classifier
  }
  const first = await aClassifier()
  const { running, logged } = it.begin({ classifier: { address: { kind: 'unix', path } } })
  await running
  const set = async () => (await it.client().call('readInspectionSet', {})).value
  expect(await set()).toEqual({ wafSensors: [], dlpSensors: [], profiles: [probeProfile] })
  const group = 'nv.web.yelb'
  const inspection = { group, waf: [{ sensor: 'crs', action: 'deny' as const }], onFailure: 'failOpen' as const }
  const { etag: ifMatch } = await it.client().call('listInspections', {})
  await it.client().call('putInspection', { params: { name: group }, body: { inspection }, ifMatch })
  await logged('World built')
  const { wafSensors, profiles } = await set()
  expect([wafSensors.map(({ name }) => name), profiles.length]).toEqual([['crs'], 2])

  const told = async () => {
    const { value } = await it.client().call('listEvents', { query: { kind: 'enforcement' } })
    return value.events.map(({ message }) => message.split(/[:.]/)[0])
  }
  const checked = async () => (await page('/readyz')).lines.find((line) => line.includes('classifier'))
  const gauge = async () => (await page('/metrics')).lines.find((line) => line.startsWith('postern_classifier_healthy'))
  expect([await told(), await checked(), await gauge()]).toEqual([
    [],
    '[+] classifier: answers',
    'postern_classifier_healthy 1',
  ])
  await first.stop()
  await logged('does not answer')
  await logged('World built')
  expect(await checked()).toMatch(/^\[\+\] classifier: does not answer: .*/)
  await aClassifier()
  await logged('"answers"')
  await logged('World built')
  expect([await told(), await gauge()]).toEqual([
    ['The classifier answers again', 'The classifier does not answer'],
    'postern_classifier_healthy 1',
  ])
})

test('a sensor that the classifier could not run is refused before anybody has it', async () => {
  const it = aPlace()
  it.inventory(good)
  await it.begin().running
  const put = (regex: string) => {
    const sensor = { name: 'mine', rules: [{ name: 'r', patterns: [{ regex }] }] }
    return it.client().call('putWafSensor', { params: { name: 'mine' }, body: { sensor }, ifMatch: '*' })
  }
  const place = 'sensor.rules[0].patterns[0].regex'
  await expect(put('a(')).rejects.toMatchObject({ document: { status: 422, problems: [{ path: place }] } })
  expect((await put('a')).value.sensor.name).toBe('mine')
})

test('a sidecar that proves who it is gets its configuration, and shows in the metrics', async () => {
  const it = aPlace()
  it.inventory(good)
  await it.begin().running
  await aSidecar(it.ca())
  expect((await it.client().call('listProxies', {})).value.proxies).toMatchObject([
    { workload: 'web', class: expect.stringContaining('nv.web.yelb'), connected: true },
  ])
  const { status, lines } = await page('/metrics')
  expect(status).toBe(200)
  expect(lines).toContain('postern_xds_sidecars 1')
  expect(lines.some((line) => line.startsWith('postern_process_cpu_seconds_total '))).toBe(true)
})

test('a broken inventory is told, and the last good one stays', async () => {
  const it = aPlace()
  it.inventory(good)
  const { running, logged } = it.begin()
  await running
  it.inventory(JSON.stringify({ ...inventory, podCidrs: ['10.42.0.0/33'] }))
  await logged('inventory refused')
  const { status, lines } = await page('/readyz')
  expect([status, lines.filter((line) => line.startsWith('[-]'))]).toEqual([
    503,
    [expect.stringMatching(/^\[-\] inventory: podCidrs\[0\]: /)],
  ])
  const { value } = await it.client().call('readGroup', { params: { name: 'nv.web.yelb' } })
  expect(value.members.map(({ id }) => id)).toEqual(['web'])
  it.inventory(good)
  await logged('World built')
  expect(await page('/readyz')).toEqual({ status: 200, lines: ready })
})

test('data that another control plane has are refused, and it goes on undisturbed', async () => {
  const it = aPlace()
  it.inventory(good)
  await it.begin().running
  const second = start({ ...it.options, socket: `${it.options.socket}.2`, log: pino({ level: 'silent' }) })
  await expect(second).rejects.toThrow(/data\/policy\.db: another process has this database open$/)
  expect((await page('/readyz')).status).toBe(200)
})

test('a start that fails leaves nothing open: the next one can have it all', async () => {
  const it = aPlace()
  it.inventory(good)
  const other = createServer().listen(port.sidecars, loopback)
  open.push(() => void other.close())
  await once(other, 'listening')
  await expect(it.begin().running).rejects.toThrow(/EADDRINUSE/)
  other.close()
  await once(other, 'close')
  await it.begin().running
  expect((await page('/readyz')).status).toBe(200)
})

test('metrics are for this machine only', async () => {
  const it = aPlace()
  const open = start({
    ...it.options,
    metrics: { host: '0.0.0.0', port: port.metrics },
    log: pino({ level: 'silent' }),
  })
  await expect(open).rejects.toThrow('--metrics 0.0.0.0: only loopback is taken')
})

test('asked to end, the process ends by itself, with a sidecar on the line', async () => {
  const it = aPlace()
  it.inventory(good)
  const { data, inventory: file, tokens, socket } = it.options
  const address = (of: number) => `${loopback}:${of}`
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, '../main.ts'),
      'xds',
      ...['--data', data, '--inventory', file, '--tokens', tokens, '--api', socket],
      ...['--listen', address(port.sidecars), '--metrics', address(port.metrics)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  open.push(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  await aLog(child.stdout)('serving sidecars')
  await aSidecar(it.ca())
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})
