/**
 * The control plane of one sidecar, made of the real parts (TLS, tokens, delta ADS, access logs), reached over a unix
 * socket: it is the only thing that both network namespaces share.
 */
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { Compiled } from '../../../xds-server/compile/model.ts'
import { createGrpcServer } from '../../../xds-server/envoy/grpc-server.ts'
import { tokenLine } from '../../../xds-server/envoy/verifier.ts'
import { createAccessLogService } from '../../../xds-server/observe/access-log-service.ts'
import { createMetrics } from '../../../xds-server/observe/metrics.ts'
import type { AccessRecord } from '../../../xds-server/observe/model.ts'
import type { Nack } from '../../../xds-server/xds/conversation.ts'
import { createXds } from '../../../xds-server/xds/xds.ts'
import { eventually } from '../../support/eventually.ts'
import { anIdentity, verifierOf } from '../../support/identity.ts'

export const serverName = 'postern'

export type ControlPlane = {
  /** PEM of the authority. */
  readonly ca: string
  /** Publishes and waits until the sidecar (if one is connected) has all of it, or refused some of it. */
  publish(compiled: Compiled): Promise<void>
  /** Everything that was logged so far. */
  readonly records: readonly AccessRecord[]
  readonly nacks: readonly Nack[]
  close(): Promise<void>
}

async function relay(path: string, port: number) {
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1')
    from.pipe(to).pipe(from)
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const)
      one.on('error', () => other.destroy())
  })
  server.listen(path)
  await once(server, 'listening')
  await chmod(path, 0o777)
  return server
}

export async function startControlPlane(socket: string, nodeId: string, token: string): Promise<ControlPlane> {
  const { tls, ca } = await anIdentity(serverName)
  const grpc = createGrpcServer(tls)
  const verifier = verifierOf(tokenLine(nodeId, token))
  const log = pino({ level: 'silent' })
  const records: AccessRecord[] = []
  const nacks: Nack[] = []
  const xds = createXds({ verifier, log, registry: new Registry(), onNack: (nack) => nacks.push(nack) })
  xds.register(grpc.server)
  const metrics = createMetrics(new Registry())
  const onRecords = (more: readonly AccessRecord[]) => void records.push(...more)
  createAccessLogService({ verifier, onRecords, metrics, log, now: Date.now }).register(grpc.server)
  const server = await relay(socket, await grpc.listen('127.0.0.1', 0))
  return {
    ca,
    records,
    nacks,
    async publish(compiled) {
      const refused = nacks.length
      xds.publish(compiled)
      const answered = () => xds.proxies().every((proxy) => proxy.inSync) || nacks.length > refused
      await eventually('the sidecar to be in sync', answered)
    },
    async close() {
      xds.close()
      server.close()
      await grpc.close(0)
    },
  }
}
