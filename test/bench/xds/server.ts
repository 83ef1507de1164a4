/** The xDS server as a process of its own, so that its CPU and memory are its own. Driven over IPC by `../xds.ts`. */
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { Compiled } from '../../../xds-server/compile/model.ts'
import { createGrpcServer, type TlsFiles } from '../../../xds-server/envoy/grpc-server.ts'
import type { Applied } from '../../../xds-server/xds/rollouts.ts'
import { createXds } from '../../../xds-server/xds/xds.ts'
import { verifierOf } from '../../support/identity.ts'
import { createFleetSnapshots, type Shape } from './snapshots.ts'

export type ServerOrder =
  | {
      readonly kind: 'start'
      readonly tls: TlsFiles
      readonly tokens: string
      readonly port: number
      readonly sidecars: number
      readonly shape: Shape
    }
  | { readonly kind: 'edit'; readonly what: 'all' | 'group'; readonly revision: number }
  | { readonly kind: 'report' }

export type ServerAnswer =
  | { readonly kind: 'listening'; readonly port: number }
  /** `at`: monotonic milliseconds of this machine when it was published. */
  | { readonly kind: 'applied'; readonly applied: Applied; readonly at: number; readonly cpuMs: number }
  | { readonly kind: 'report'; readonly rssMb: number; readonly inSync: number; readonly extensionBytes: number }

/** The same clock in every process of the machine. */
const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6
const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const answer = (value: ServerAnswer) => void process.send?.(value)

async function start(order: Extract<ServerOrder, { kind: 'start' }>) {
  const registry = new Registry()
  let before = { at: 0, cpu: 0 }
  const xds = createXds({
    verifier: verifierOf(order.tokens),
    log: pino({ level: 'silent' }),
    registry,
    onApplied: (applied) => answer({ kind: 'applied', applied, at: before.at, cpuMs: cpuMs() - before.cpu }),
  })
  const grpc = createGrpcServer(order.tls)
  xds.register(grpc.server)
  const snapshots = createFleetSnapshots(order.sidecars, order.shape)
  xds.publish(snapshots.editAll(0))
  answer({ kind: 'listening', port: await grpc.listen('127.0.0.1', order.port) })

  return {
    edit(what: 'all' | 'group', revision: number): void {
      // making the snapshots is the compiler's work and counted there
      const compiled: Compiled = what === 'all' ? snapshots.editAll(revision) : snapshots.editGroup(revision)
      before = { at: monotonicMs(), cpu: cpuMs() }
      xds.publish(compiled)
    },
    async report(): Promise<void> {
      const bytes = /response_bytes_total\{type="extension"\} (\d+)/.exec(await registry.metrics())?.[1]
      const inSync = xds.proxies().filter((proxy) => proxy.inSync).length
      answer({ kind: 'report', rssMb: process.memoryUsage.rss() / 2 ** 20, inSync, extensionBytes: Number(bytes) })
    },
  }
}

let running: Awaited<ReturnType<typeof start>> | undefined
process.on('message', async (order: ServerOrder) => {
  if (order.kind === 'start') running = await start(order)
  else if (order.kind === 'edit') running?.edit(order.what, order.revision)
  else await running?.report()
})
process.on('disconnect', () => process.exit(0))
