/**
 * The xDS server as a process of its own, so that it can be killed. Talks to its parent by IPC: gets what to publish,
 * says what happened.
 */
import { fork } from 'node:child_process'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { Compiled } from '../../../xds-server/compile/model.ts'
import { createGrpcServer, type TlsFiles } from '../../../xds-server/envoy/grpc-server.ts'
import type { Nack } from '../../../xds-server/xds/conversation.ts'
import type { Applied } from '../../../xds-server/xds/rollouts.ts'
import type { ProxyStatus, Quarantined } from '../../../xds-server/xds/status.ts'
import { createXds, type Xds } from '../../../xds-server/xds/xds.ts'
import { verifierOf } from '../identity.ts'
import { kill } from '../processes.ts'

export type Start = { readonly kind: 'start'; readonly tls: TlsFiles; readonly tokens: string; readonly port: number }
type Order = Start | { readonly kind: 'publish'; readonly compiled: Compiled } | { readonly kind: 'report' }

type Report = {
  readonly proxies: readonly ProxyStatus[]
  readonly quarantined: readonly Quarantined[]
  /** `name{label="value"}` → value. */
  readonly metrics: Readonly<Record<string, number>>
  readonly cpuMs: number
  readonly rssMb: number
}
type ServerEvent =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'nack'; readonly nack: Nack }
  | { readonly kind: 'applied'; readonly applied: Applied }
  | { readonly kind: 'published'; readonly ms: number }
  | { readonly kind: 'report'; readonly report: Report }

// ---------------------------------------------------------------- the child

const tell = (event: ServerEvent) => void process.send?.(event)

async function metricValues(registry: Registry): Promise<Record<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

async function start({ tls, tokens, port }: Start, registry: Registry): Promise<Xds> {
  const xds = createXds({
    verifier: verifierOf(tokens),
    log: pino({ level: process.env.XDS_LOG ?? 'silent' }),
    registry,
    onNack: (nack) => tell({ kind: 'nack', nack }),
    onApplied: (applied) => tell({ kind: 'applied', applied }),
  })
  const grpc = createGrpcServer(tls)
  xds.register(grpc.server)
  tell({ kind: 'listening', port: await grpc.listen('127.0.0.1', port) })
  return xds
}

function serve(): void {
  const registry = new Registry()
  let xds: Xds | undefined
  process.on('message', async (order: Order) => {
    if (order.kind === 'start') xds = await start(order, registry)
    else if (order.kind === 'publish') {
      const before = performance.now()
      xds?.publish(order.compiled)
      tell({ kind: 'published', ms: performance.now() - before })
    } else {
      const { user, system } = process.cpuUsage()
      const report: Report = {
        proxies: xds?.proxies() ?? [],
        quarantined: xds?.quarantined() ?? [],
        metrics: await metricValues(registry),
        cpuMs: (user + system) / 1000,
        rssMb: process.memoryUsage.rss() / 2 ** 20,
      }
      tell({ kind: 'report', report })
    }
  })
  process.on('disconnect', () => process.exit(0))
}

if (process.argv[2] === 'serve') serve()

// ---------------------------------------------------------------- the parent

type EventOf<K extends ServerEvent['kind']> = Extract<ServerEvent, { kind: K }>

export type ServerProcess = {
  readonly port: number
  readonly pid: number
  publish(compiled: Compiled): void
  /** The first event of that kind from now on that fits. */
  next<K extends ServerEvent['kind']>(kind: K, fits?: (event: EventOf<K>) => boolean): Promise<EventOf<K>>
  report(): Promise<Report>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
}

export async function startServerProcess(options: Omit<Start, 'kind'>): Promise<ServerProcess> {
  const child = fork(import.meta.filename, ['serve'], { serialization: 'advanced' })
  const order = (message: Order) => void child.send(message)
  const next: ServerProcess['next'] = (kind, fits = () => true) =>
    new Promise((resolve, reject) => {
      const onMessage = (event: ServerEvent) => {
        if (event.kind !== kind || !fits(event as never)) return
        stop()
        resolve(event as never)
      }
      const onExit = () => {
        stop()
        reject(new Error(`the server ended while "${kind}" was waited for`))
      }
      const stop = () => {
        child.off('message', onMessage)
        child.off('exit', onExit)
      }
      child.on('message', onMessage)
      child.on('exit', onExit)
    })
  const listening = next('listening')
  order({ kind: 'start', ...options })
  const { port } = await listening
  return {
    port,
    pid: child.pid!,
    publish: (compiled) => order({ kind: 'publish', compiled }),
    next,
    async report() {
      const reported = next('report')
      order({ kind: 'report' })
      return (await reported).report
    },
    kill: () => kill(child),
  }
}
