/**
 * The webhook in one process: certificate and settings from files, the API server's door, health beside it.
 * Promises: it starts only with a certificate and settings that are good; changed ones are taken without a restart, bad
 * ones are refused and the last good ones stay; asked to stop, it first says so (`/readyz`) and goes on answering, for
 * the API server hears of it later. It has no access to the cluster, and needs none.
 */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import pino, { type Logger } from 'pino'
import { Registry } from 'prom-client'
import { type InjectionSettings, parseSettings } from './injection/settings.ts'
import { admission, keepAliveTimeoutMs, maxConnections, requestTimeoutMs } from './server/admission.ts'
import { follow } from './server/follow.ts'
import { health } from './server/health.ts'
import { createMetrics } from './server/metrics.ts'

type Address = { readonly host: string; readonly port: number }

export type WebhookOptions = {
  readonly listen: Address
  /** `/healthz`, `/readyz`, `/metrics`. */
  readonly health: Address
  /** Files, followed as they change. */
  readonly tlsCert: string
  readonly tlsKey: string
  /** JSON (injection/settings.ts). */
  readonly settings: string
  /** Who may sign the control plane's certificate (PEM): goes into every sidecar. */
  readonly ca: string
  /** It goes on answering for so long after it is told to stop. Default 5 s: what a Service needs to hear of it. */
  readonly drainMs?: number
  /** Default: JSON lines on stdout. */
  readonly log?: Logger
}

export type RunningWebhook = {
  readonly port: number
  readonly healthPort: number
  close(): Promise<void>
}

const defaultDrainMs = 5_000
/** What is under way at the end may take this long. */
const closeGraceMs = 10_000

/** The API server speaks it, and nobody else has business here. */
const minVersion = 'TLSv1.3'

type State = { /** The certificate's end. */ expires?: Date; settings?: InjectionSettings; draining: boolean }

/** Resolves when the API server is answered. Rejects where the files are not good or an address can not be had. */
export async function startWebhook(options: WebhookOptions): Promise<RunningWebhook> {
  const log = options.log ?? pino({ name: 'postern-webhook', base: null, timestamp: pino.stdTimeFunctions.isoTime })
  await using open = new AsyncDisposableStack()
  const registry = new Registry()
  const metrics = createMetrics(registry)
  const state: State = { draining: false }
  const ended = new AbortController()
  open.defer(() => ended.abort())

  const server = createSecureServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs },
    admission({ settings: () => state.settings!, draining: () => state.draining, metrics, log }),
  )
  server.maxConnections = maxConnections
  // who does not speak TLS, or does not trust us, is told so by TLS
  server.on('tlsClientError', (error) => log.debug({ error: error.message }, 'no TLS'))

  const taking = <K extends string>(what: string, take: (texts: Readonly<Record<K, string>>) => void) => ({
    onFiles(texts: Readonly<Record<K, string>>) {
      take(texts)
      metrics.reloads.inc({ what, result: 'taken' })
      log.info(`${what} taken`)
    },
    onProblem(error: unknown) {
      metrics.reloads.inc({ what, result: 'refused' })
      log.error({ problem: (error as Error).message }, `${what} refused`)
    },
    signal: ended.signal,
  })
  await follow({
    paths: { cert: options.tlsCert, key: options.tlsKey },
    ...taking<'cert' | 'key'>('certificate', ({ cert, key }) => {
      const expires = new X509Certificate(cert).validToDate
      // throws where the key is another one's, and then the old ones stay
      server.setSecureContext({ cert, key, minVersion })
      metrics.expires.set(expires.getTime() / 1000)
      state.expires = expires
    }),
  })
  await follow({
    paths: { settings: options.settings, ca: options.ca },
    ...taking<'settings' | 'ca'>('settings', ({ settings, ca }) => {
      state.settings = settingsOf(settings, ca)
    }),
  })
  if (state.expires === undefined || state.settings === undefined)
    throw new Error('no certificate or no settings to start with: the log says why')

  const port = await listen(server, options.listen)
  open.defer(() => end(server))
  const healthServer = createServer(
    { requestTimeout: requestTimeoutMs },
    health({ registry, reasons: () => reasons(state) }),
  )
  const healthPort = await listen(healthServer, options.health)
  open.defer(() => end(healthServer))
  open.defer(async () => {
    state.draining = true
    await delay(options.drainMs ?? defaultDrainMs)
  })
  log.info({ port, healthPort }, 'serving the API server')
  const running = open.move()
  return { port, healthPort, close: () => running.disposeAsync() }
}

/** @throws with every problem */
function settingsOf(text: string, ca: string): InjectionSettings {
  const parsed = parseSettings(JSON.parse(text), ca)
  if (parsed.ok) return parsed.value
  throw new Error(parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('; '))
}

function reasons({ draining, expires }: State): readonly string[] {
  const expired = expires !== undefined && expires.getTime() < Date.now()
  return [...(draining ? ['stopping'] : []), ...(expired ? ['the certificate has expired'] : [])]
}

async function listen(server: Server, { host, port }: Address): Promise<number> {
  server.listen(port, host.replace(/^\[(.*)\]$/, '$1'))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function end(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  const late = setTimeout(() => server.closeAllConnections(), closeGraceMs)
  await closed
  clearTimeout(late)
}
