/**
 * The control plane of benches, as a process of its own in the hub: real xDS and access log services over TLS, the
 * records counted and dropped. It serves what its parent compiled, one port for each policy.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { Compiled } from '../../../xds-server/compile/model.ts'
import { createGrpcServer, type TlsFiles } from '../../../xds-server/envoy/grpc-server.ts'
import { tokenLine } from '../../../xds-server/envoy/verifier.ts'
import { createAccessLogService } from '../../../xds-server/observe/access-log-service.ts'
import { createMetrics } from '../../../xds-server/observe/metrics.ts'
import { createXds } from '../../../xds-server/xds/xds.ts'
import { anIdentity, verifierOf } from '../../support/identity.ts'
import { kill } from '../../support/processes.ts'
import { hub, type Places } from './places.ts'

export const serverName = 'control-plane.bench'

type Order = {
  readonly tls: TlsFiles
  /** A line of the token file. */
  readonly token: string
  readonly port: number
  readonly compiled: Compiled
}
type Answer = { readonly listening: number }

// ---------------------------------------------------------------- the child

async function serve({ tls, token, port, compiled }: Order): Promise<void> {
  const verifier = verifierOf(token)
  const log = pino({ level: 'warn' }, pino.destination(2))
  const registry = new Registry()
  const onNack = (nack: object) => log.error({ nack }, 'Envoy refused the configuration')
  const xds = createXds({ verifier, log, registry, onNack })
  const metrics = createMetrics(registry)
  const logs = createAccessLogService({ verifier, onRecords: () => undefined, metrics, log, now: Date.now })
  xds.publish(compiled)
  const grpc = createGrpcServer(tls)
  for (const service of [xds, logs]) service.register(grpc.server)
  await grpc.listen('0.0.0.0', port)
  process.send!({ listening: port } satisfies Answer)
}

if (process.argv[2] === 'serve') {
  process.on('message', serve)
  process.on('disconnect', () => process.exit(0))
}

// ---------------------------------------------------------------- the parent

export type ControlPlane = AsyncDisposable & {
  readonly pid: number
  /** PEM of the authority that signed its certificate. */
  readonly ca: string
  /** Serves a policy to the sidecar that has this token; resolves with the port. */
  serve(workload: string, token: string, compiled: Compiled): Promise<number>
}

const firstPort = 15010

export async function startControlPlane(places: Places): Promise<ControlPlane> {
  const { tls, ca } = await anIdentity(serverName)
  const [execPath, ...execArgv] = [...places.into(hub), process.execPath]
  const child = fork(import.meta.filename, ['serve'], { execPath, execArgv, serialization: 'advanced' })
  let port = firstPort
  return {
    pid: child.pid!,
    ca,
    async serve(workload, token, compiled) {
      const order: Order = { tls, token: tokenLine(workload, token), port: port++, compiled }
      child.send(order)
      return ((await answerOf(child)) as Answer).listening
    },
    [Symbol.asyncDispose]: () => kill(child),
  }
}

/** The next thing it says; rejects where it ends instead. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController()
  const { signal } = stop
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('the control plane ended')
  })
  try {
    const [answer] = await Promise.race([once(child, 'message', { signal }), ended])
    return answer
  } finally {
    stop.abort()
    ended.catch(() => undefined)
  }
}
